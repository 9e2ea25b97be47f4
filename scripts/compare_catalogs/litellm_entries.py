"""The entries of litellm's price map that price a chat by tokens, and the requests that are drawn for them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random

from .meters import INPUT_TOKENS, OUTPUT_TOKENS

MODES = ("chat", "responses", "completion")
# Their code asks for a login first.
LEFT_OUT = ("github_copilot", "chatgpt")

# The price of each meter that a chat can use. Others (searches, seconds, pages) are computed from whole responses.
KEYS = {
    "input": "input_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "audio_input": "input_cost_per_audio_token",
    "image_input": "input_cost_per_image_token",
    "output": "output_cost_per_token",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_output": "output_cost_per_audio_token",
    "image_output": "output_cost_per_image_token",
}
INHERITED = ("cached_input", "reasoning")

# What a tier is called in keys; batches are computed by a function of their own.
TIER_SUFFIXES = {
    "flex": "_flex",
    "priority": "_priority",
    "balanced": "_balanced",
    "ultrafast": "_ultrafast",
    "batch": "_batches",
}
BAND = re.compile(r"_above_(\d+)(k?)_tokens")

RANDOM_DRAWS = 6


@dataclass
class Entry:
    """One key of the map that prices a chat by tokens."""

    key: str
    prices: dict

    @property
    def provider(self):
        return self.prices["litellm_provider"]

    @property
    def code_provider(self):
        """The provider as litellm's functions want it; they do not know its ids of families."""
        family = self.provider.split("-")[0] if self.provider.startswith("vertex_ai-") else self.provider
        return "bedrock" if family == "bedrock_converse" else family

    @property
    def is_chat_by_tokens(self):
        by_tokens = self.prices.get("input_cost_per_token") is not None or bool(self.prices.get("tiered_pricing"))
        return self.key != "sample_spec" and self.prices.get("mode") in MODES and by_tokens

    def states(self, meter):
        """Whether some price of the meter is stated, in whatever tier, band or table."""
        name = KEYS.get(meter)
        sources = [self.prices, *(self.prices.get("tiered_pricing") or [])]
        return name is not None and any(
            key.startswith(name) and value is not None for source in sources for key, value in source.items()
        )

    def states_in(self, meter, tier, is_above):
        """Whether the meter's price is stated for this very tier, and for bands where the request is above one."""
        name, suffix = KEYS[meter], TIER_SUFFIXES.get(tier, "")
        keys = [key for key, value in self.prices.items() if value is not None and key.startswith(name)]
        return any(
            key.endswith(suffix) and (not is_above or BAND.search(key)) if suffix or is_above else key == name
            for key in keys
        )

    def tiers(self):
        return [tier for tier, suffix in TIER_SUFFIXES.items() if any(key.endswith(suffix) for key in self.prices)]

    def band_starts(self):
        starts = {int(found[1]) * (1000 if found[2] else 1) for key in self.prices if (found := BAND.search(key))}
        for row in self.prices.get("tiered_pricing") or []:
            starts |= {int(edge) for edge in row.get("range", ()) if 0 < edge < 10**9}
        return sorted(starts)


@dataclass
class LiteLLMDraw:
    entry: Entry
    usage: dict
    tier: str | None = None
    kind: str = "random"
    at_text: str = ""

    @property
    def total_input(self):
        return sum(self.usage.get(meter, 0) for meter in INPUT_TOKENS)

    def question(self):
        line = {"channel": self.entry.provider, "model": self.entry.key, "at": self.at_text, "usage": self.usage}
        return line if self.tier is None else line | {"service_tier": self.tier}


def entries(map_path):
    prices = json.loads(Path(map_path).read_text())
    every = [Entry(key, value) for key, value in prices.items() if "litellm_provider" in value]
    return [entry for entry in every if entry.provider not in LEFT_OUT and entry.is_chat_by_tokens]


def draws(seed, entry, at_text):
    """Requests for one entry: at random, at the edges of its bands, in its tiers and in one that it may not have."""
    random = Random(f"{seed} litellm {entry.key}")

    def drawn(tier=None, total=None, kind="random", only=None):
        meters = only or [meter for meter in KEYS if entry.states(meter) or meter in INHERITED]
        chosen = [meter for meter in meters if random.random() < 0.6] or ["input"]
        usage = {meter: int(10 ** random.uniform(0, 6)) for meter in chosen}
        if total is not None:
            usage = {meter: count for meter, count in usage.items() if meter in OUTPUT_TOKENS} | {"input": total}
        return LiteLLMDraw(entry, usage, tier, kind, at_text)

    yield from (drawn() for _ in range(RANDOM_DRAWS))
    for start in entry.band_starts():
        for total in (start - 1, start, start + 1):
            yield drawn(total=total, kind="size")
    for tier in entry.tiers():
        stated = [meter for meter in KEYS if entry.states_in(meter, tier, is_above=False)]
        yield drawn(tier, kind="tier", only=stated)
        yield drawn(tier, kind="tier")
        for start in entry.band_starts():
            yield drawn(tier, start + 1, kind="tier and size")
    yield drawn(random.choice(list(TIER_SUFFIXES)), kind="any tier")
