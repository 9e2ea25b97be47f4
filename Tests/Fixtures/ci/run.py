"""Runs Docs/ci's examples as their runners would, as far as a shell can, against a made-up forge.

A scenario on stdin, what came of it on stdout, both JSON. The lines that run are those of the YAML files as they stand.

    kind        github (Docs/ci/github/workflow.yml, and through it action.yml) or gitlab (Docs/ci/gitlab.yml)
    with        inputs of the action, or variables of the job, in place of the file's own
    codes       how the program of the release ends, one run of everything each
    program     that program's text; Tests/Fixtures/ci/tokenmeter if it is left out
    base, head  file names and texts: the target branch, and what the request makes of it; links: its symbolic links
    comments    [author, body] of what is there; viewer: who the token is, empty where it may not ask
    refuse      the status of a write; corrupt: the release is not what its checksum says; request: its number
"""

import hashlib
import io
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tarfile

import forge as forges
import plain_yaml

VERSION = "0.1.0"
COMMAND_TIMEOUT_SECONDS = 60
repository = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(sys.argv[2]).resolve()
scenario = json.load(sys.stdin)
forge = forges.Forge(scenario)
workspace = folder / "workspace"
environment = {
    "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "TZ": "UTC", "CI": "true",
    "XDG_DATA_HOME": str(folder / "data"), "STAND_IN": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
    "no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}


def read(path):
    return plain_yaml.read((repository / path).read_text())


def release():
    """A tarball as scripts/dist makes it; its SHA-256."""
    os_name = platform.system().lower().replace("darwin", "macos")
    name = f"tokenmeter-{VERSION}-{os_name}-{platform.machine()}"
    program = scenario.get("program") or (repository / "Tests/Fixtures/ci/tokenmeter").read_text()
    files = {"tokenmeter": program.encode()}
    for script in sorted((repository / "Docs/ci/github").glob("*")):
        if script.suffix in (".sh", ".py"):
            files[f"ci/{script.name}"] = script.read_bytes()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size, member.mode = len(content), 0o755
            archive.addfile(member, io.BytesIO(content))
    forge.archive = made.getvalue()
    digest = hashlib.sha256(forge.archive).hexdigest()
    return digest[::-1] if scenario.get("corrupt") else digest


def git(*words):
    author = {f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    said = subprocess.run(
        ["git", *words], env=environment | author, check=True, capture_output=True, text=True)
    return said.stdout.strip()


def check_out():
    """The request's files in a shallow clone; the target branch is main of its origin. The commit of that."""
    origin = folder / "origin"
    git("init", "--quiet", "--initial-branch", "main", str(origin))
    write(origin, {"README": "a project\n"} | scenario.get("base", {}))
    git("-C", str(origin), "add", ".")
    git("-C", str(origin), "commit", "--quiet", "--message", "Start")
    git("clone", "--quiet", "--depth", "1", origin.as_uri(), str(workspace))
    write(workspace, scenario.get("head", {}))
    for name, target in scenario.get("links", {}).items():
        (workspace / name).symlink_to(target)
    return git("-C", str(origin), "rev-parse", "main")


def write(place, files):
    for name, text in files.items():
        (place / name).write_text(text)


def run(script, variables):
    """As a runner does: a file, by bash, which ends at the first fault. Its exit code and what it said."""
    path = folder / "script.sh"
    path.write_text(script)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(path)], cwd=workspace, text=True,
        env=environment | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=COMMAND_TIMEOUT_SECONDS)
    return done.returncode, done.stdout


class GitHub:
    def __init__(self, base, digest):
        self.given = {"sha256": digest, "base-url": f"{forge.address}/releases"} | scenario.get("with", {})
        self.context = {
            "github.token": "the token", "github.action_repository": "some/tokenmeter",
            "github.event.pull_request.number": scenario.get("request", "7"),
            "runner.temp": str(folder)}
        self.summary = folder / "summary.md"
        self.variables = {
            "GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_REPOSITORY": "some/thing",
            "GITHUB_API_URL": forge.address, "GITHUB_GRAPHQL_URL": f"{forge.address}/graphql",
            "GITHUB_STEP_SUMMARY": str(self.summary), "RUNNER_TEMP": str(folder)}

    def value(self, text, context):
        """With each ${{ name }} filled in; a name that nothing has is a fault of the file."""
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: context[match[1]], text)

    def steps(self, steps, context, variables):
        """Runs them until one fails; the exit code and what was said."""
        log = ""
        for step in steps:
            if step.get("uses", "").startswith("actions/checkout@"):
                continue
            if "uses" in step:
                place = re.fullmatch(r"OWNER/tokenmeter/(.+)@v[0-9.]+", step["uses"])[1]
                code, said = self.action(repository / place, step["with"] | self.given)
            else:
                assert "${{" not in step["run"], "an expression in the text of a script"
                assert "if" not in step, "conditions are not read here"
                output = folder / "output"
                output.write_text("")
                own = {name: self.value(text, context) for name, text in step.get("env", {}).items()}
                code, said = run(step["run"], variables | own | {"GITHUB_OUTPUT": str(output)})
                for line in output.read_text().splitlines():
                    name, _, found = line.partition("=")
                    context[f"steps.{step['id']}.outputs.{name}"] = found
            log += said
            if code != 0:
                return code, log
        return 0, log

    def action(self, place, given):
        action = plain_yaml.read((place / "action.yml").read_text())
        declared = action["inputs"]
        assert set(given) <= set(declared), f"no such inputs: {set(given) - set(declared)}"
        context = dict(self.context)
        for name, about in declared.items():
            assert name in given or about.get("required") != "true", f"{name} is required"
            found = given[name] if name in given else about["default"]
            context[f"inputs.{name}"] = self.value(found, self.context)
        path = {"GITHUB_ACTION_PATH": str(place)}
        code, log = self.steps(action["runs"]["steps"], context, self.variables | path)
        names = {name: re.fullmatch(r"\$\{\{ (.+) \}\}", about["value"])[1] for name, about in action["outputs"].items()}
        self.outputs = {name: context.get(source, "") for name, source in names.items()}
        return code, log

    def run(self):
        (job,) = read("Docs/ci/github/workflow.yml")["jobs"].values()
        self.outputs = {}
        code, log = self.steps(job["steps"], dict(self.context), self.variables)
        return {"exit": code, "log": log, "outputs": self.outputs}


class GitLab:
    def __init__(self, base, digest):
        self.variables = {
            "TOKENMETER_SHA256": digest, "TOKENMETER_RELEASES": f"{forge.address}/releases",
            "GITLAB_CI": "true", "CI_API_V4_URL": f"{forge.address}/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12",
            "CI_MERGE_REQUEST_IID": scenario.get("request", "7"), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "TOKENMETER_GITLAB_TOKEN": "the token"} | scenario.get("with", {})

    def run(self):
        job = read("Docs/ci/gitlab.yml")["tokenmeter"]
        code, log = run("\n".join(job["script"]), job["variables"] | self.variables)
        return {"exit": code, "log": log, "outputs": {}}


base = check_out()
runner = {"github": GitHub, "gitlab": GitLab}[scenario["kind"]](base, release())
runs = []
for code in scenario.get("codes", [0]):
    (folder / "code").write_text(str(code))
    (folder / "arguments").write_text("")
    done = runner.run()
    done["arguments"] = (folder / "arguments").read_text().splitlines()
    runs.append(done)
summary = folder / "summary.md"
json.dump(
    {
        "runs": runs, "comments": [comment["body"] for comment in forge.comments], "calls": forge.calls,
        "files": sorted(path.name for path in workspace.iterdir() if path.name != ".git"),
        "summary": summary.read_text() if summary.exists() else "",
    }, sys.stdout, indent=1)
