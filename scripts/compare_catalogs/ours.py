"""tokenmeter's side: one process that prices every line, and the catalog that it is given."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

KEPT_OF_A_MODEL = re.compile(r"vendor: |models:$| *- id: ")

PRICED_ALL, SOME_UNPRICED = 0, 3


class CannotAnswer(Exception):
    """The binary does not work, or not on this folder; nothing is compared."""


@dataclass(slots=True)
class Answer:
    """What tokenmeter makes of one request."""

    model: str | None = None
    cost: Decimal | None = None
    # Where some meters have no rate: what the others come to, and which these are.
    cost_at_least: Decimal | None = None
    unpriced: frozenset = frozenset()
    # Where it is refused altogether: why.
    code: str | None = None
    line: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, document):
        error = document.get("error")
        if error is not None:
            return cls(code=error["code"], message=error["message"])
        if document["channel"] is None:
            raise CannotAnswer(f"an answer without a channel: {document}")
        return cls(
            model=document["model"],
            cost=amount(document["cost"]),
            cost_at_least=amount(document.get("cost_at_least")),
            unpriced=frozenset(document.get("unpriced", ())),
            line=document["rate_line"]["id"],
        )


def amount(money):
    if money is None:
        return None
    if money["currency"] != "USD":
        raise CannotAnswer(f"a catalog in USD is priced in {money['currency']}")
    return Decimal(money["amount"])


class Tokenmeter:
    """The binary on the tables of one import alone: of our own tables only the names of models come along."""

    def __init__(self, binary, pricing_data, source):
        self.binary = binary
        self.folder = Path(tempfile.mkdtemp(prefix="compare-catalogs."))
        imported = Path(pricing_data) / "imported" / source
        if not imported.is_dir():
            raise CannotAnswer(f"there is no {imported}")
        shutil.copytree(imported, self.folder / "tables" / "imported" / source)
        channels = {file.stem for file in imported.glob("*.json")}
        copy_ids(Path(pricing_data) / "models", self.folder / "tables" / "models", channels)
        self.environment = clean_environment(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments):
        return [self.binary, "price", "--pricing-data", str(self.folder / "tables"), *arguments]

    def answers(self, questions):
        """The answers to all questions, in their order."""
        command = self.command("--format", "ndjson")
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
            ) as process,
        ):
            feeder = threading.Thread(target=feed, args=(process.stdin, questions), daemon=True)
            feeder.start()
            count = 0
            for line in process.stdout:
                count += 1
                yield Answer.of(json.loads(line))
            feeder.join()
            code = process.wait()
            said.seek(0)
            first = said.read().decode(errors="replace").splitlines()[:1]
            if code not in (PRICED_ALL, SOME_UNPRICED) or count != len(questions):
                raise CannotAnswer(f"exit code {code} after {count} of {len(questions)} lines: {''.join(first)}")

    def refuses(self, *arguments):
        """Whether one request on the command line is refused as malformed: its parts are more than its total."""
        done = subprocess.run(
            self.command(*arguments), env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        return done.returncode == 64 and "more than the total" in done.stderr


def clean_environment(home):
    """Without what is this machine's own: a database with tables of its own, settings, keys."""
    own = ("TOKENMETER_", "XDG_")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(own) and not name.endswith("_API_KEY")
    }
    return kept | {"HOME": str(home), "TOKENMETER_DATABASE": str(Path(home) / "none.db"), "TZ": "UTC"}


def copy_ids(models, into, channels):
    """The ids of our own models, which the imported tables use; their aliases are ours, and stay out.

    A vendor that no imported table knows stays out as well: its models are then ones that nobody sells direct.
    """
    into.mkdir(parents=True)
    for file in sorted(models.glob("*.yml")):
        kept = [line for line in file.read_text().splitlines() if KEPT_OF_A_MODEL.match(line)]
        kept = [line for line in kept if not line.startswith("vendor: ") or line.split()[1] in channels]
        (into / file.name).write_text("\n".join(kept) + "\n")


def feed(pipe, questions):
    try:
        with pipe:
            for question in questions:
                pipe.write(json.dumps(question, separators=(",", ":")).encode() + b"\n")
    except BrokenPipeError:
        # The process ended early; its exit code says why.
        pass
