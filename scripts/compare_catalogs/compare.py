"""Prices the same requests with tokenmeter and with genai-prices, and says where they differ."""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from random import Random

from . import names
from .classes import DIFFERENT, EQUAL, EXEMPTIONS, NEGATIVE_CODE, NO_PRICE, judge
from .draws import Draw, Drawer
from .ours import Answer, CannotAnswer, Tokenmeter
from .peer import Facts, Peer, PriceSet

SOURCE = "genai-prices"
SHOWN = 20
NEGATIVE_DRAWS = 12
# So many models of 0.2.3 have an empty set of prices and no word of being free; one more is a free model lost.
MAXIMUM_WITHOUT_PRICE = 10


class Tally:
    """Verdicts by class and part, and the differences themselves."""

    def __init__(self):
        self.counts = Counter()
        self.parts = defaultdict(Counter)
        self.differences = []
        self.without_price = set()

    def add(self, draw, peers, answer, verdict):
        self.counts[verdict.name] += 1
        if verdict.part:
            self.parts[verdict.name][verdict.part] += 1
        if verdict.name == NO_PRICE:
            self.without_price.add(draw.listing.key)
        if verdict.name == DIFFERENT:
            self.differences.append((draw, peers, answer))

    def line(self, seed, models):
        exempt = "; ".join(f"{name} {self.counts[name]}{self.part_text(name)}" for name in EXEMPTIONS)
        return (
            f"compare-catalogs: seed {seed}: {models} models, {sum(self.counts.values())} draws: "
            f"{self.counts[EQUAL]} equal, {self.counts[DIFFERENT]} different; exempt: {exempt}"
        )

    def part_text(self, name):
        parts = [f"{part} {count}" for part, count in self.parts[name].most_common()]
        return f" ({', '.join(parts)})" if parts else ""


class Identities:
    """Which of our models stands for which of the peer's: one for one, under every name."""

    def __init__(self):
        self.ours = defaultdict(dict)
        self.peers = defaultdict(dict)

    def add(self, draw, answer):
        if answer.model is None or draw.listing.provider is not draw.provider:
            return
        self.ours[draw.listing.key].setdefault(answer.model, draw.name)
        self.peers[draw.provider.id, answer.model].setdefault(draw.listing.key, draw.name)

    def faults(self):
        for key, models in self.ours.items():
            if len(models) > 1:
                yield f"{key} is several models here: {said(models)}"
        for (provider, model), keys in self.peers.items():
            if len(keys) > 1:
                yield f"{provider}: {model} is several models there: {said(keys)}"


def said(names_by_key):
    return ", ".join(f"{key} (asked as {name})" for key, name in sorted(names_by_key.items()))


def drawn(peer, seed, count):
    """All draws, and the listings that no name reaches."""
    elsewhere = names.give(peer, Random(f"{seed} names"))
    draws, unreachable = [], []
    for listing in peer.listings.values():
        if not listing.names:
            unreachable.append(listing.key)
            continue
        draws += Drawer(seed, listing, PriceSet).all(count)
    for provider, listing, name in elsewhere:
        drawer = Drawer(f"{seed} {provider.id}", listing, PriceSet)
        at = drawer.moment()
        draws.append(Draw(listing, provider, name, at, drawer.usage(at, {}), kind="provider fallback"))
    return draws, unreachable


def negative_draws(peer, seed):
    """Requests for which more cached tokens are stated than input tokens, which count them too."""
    random = Random(f"{seed} negative")
    listings = [listing for listing in peer.listings.values() if listing.names]
    random.shuffle(listings)
    found = 0
    for listing in listings:
        drawer = Drawer(f"{seed} negative", listing, PriceSet)
        at = drawer.moment()
        priced = PriceSet(listing, at, {}).prices
        # Without a rate of their own the peer does not look at them.
        if found == NEGATIVE_DRAWS or not {"input_tokens", "cache_read_tokens"} <= priced.keys():
            continue
        found += 1
        total = drawer.magnitude(6)
        usage = {"cached_input": total + drawer.magnitude(3)}
        yield Draw(listing, listing.provider, listing.names[0], at, usage, kind="negative"), total


def peers_cost(peer, draw, stated_input=None):
    try:
        return peer.cost(draw, stated_input)
    except ValueError:
        return None


def ask_negative(tokenmeter, draw, stated_input):
    """Meters, which are disjoint, cannot say such a request; the inclusive total of the command line can."""
    refused = tokenmeter.refuses(
        "--channel", draw.provider.id, "--model", draw.name, "--at", draw.at_text,
        "--prompt-tokens", str(stated_input), "--cached-tokens", str(draw.usage["cached_input"]),
    )
    return Answer(code=NEGATIVE_CODE if refused else "accepted")


def compare(peer, tokenmeter, seed, count):
    tally, identities = Tally(), Identities()
    draws, unreachable = drawn(peer, seed, count)
    for draw, answer in zip(draws, tokenmeter.answers([draw.question() for draw in draws]), strict=True):
        peers = peers_cost(peer, draw)
        tally.add(draw, peers, answer, judge(draw, peers, answer, Facts(draw)))
        identities.add(draw, answer)
    for draw, stated_input in negative_draws(peer, seed):
        peers, answer = peers_cost(peer, draw, stated_input), ask_negative(tokenmeter, draw, stated_input)
        tally.add(draw, peers, answer, judge(draw, peers, answer, Facts(draw)))
    return tally, list(identities.faults()), unreachable


def report(tally, faults, unreachable, seed, models):
    """Prints what is wrong, then the line of totals; whether all is well."""
    for draw, peers, answer in tally.differences[:SHOWN]:
        ours = answer.cost if answer.cost is not None else answer.message or f"unpriced: {sorted(answer.unpriced)}"
        context = f" {draw.context}" if draw.context else ""
        print(
            f"different ({draw.kind}): {draw.listing.key}, asked as {draw.provider.id} {draw.name}, {draw.at_text}"
            f"{context} {draw.usage}: genai-prices {peers}, tokenmeter {ours} ({answer.line or answer.code})"
        )
    hidden = len(tally.differences) - SHOWN
    if hidden > 0:
        print(f"… and {hidden} more")
    for fault in faults[:SHOWN]:
        print(f"names: {fault}")
    if len(faults) > SHOWN:
        print(f"… and {len(faults) - SHOWN} more")
    too_many = len(tally.without_price) > MAXIMUM_WITHOUT_PRICE
    if tally.without_price:
        print(f"no price stated by the source ({len(tally.without_price)}): {', '.join(sorted(tally.without_price))}")
    if too_many:
        print(f"these are more than the {MAXIMUM_WITHOUT_PRICE} known; a free model has become an unknown one")
    if unreachable:
        print(f"found under no name by the peer itself ({len(unreachable)}): {', '.join(unreachable)}")
    print(tally.line(seed, models))
    return not (tally.differences or faults or too_many)


def arguments():
    parser = argparse.ArgumentParser(prog="compare-catalogs")
    parser.add_argument("--binary", required=True)
    parser.add_argument("--pricing-data", required=True)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--draws", type=int, default=20, help="random requests a model, beside those at every edge")
    parser.add_argument("--with-litellm", action="store_true")
    parser.add_argument("--litellm-data", help="a folder with imported/litellm (default: made from the map)")
    parser.add_argument("--litellm-map", help="litellm's map that it was made from (default: the one in the package)")
    return parser.parse_args()


def main():
    options = arguments()
    peer = Peer()
    try:
        with Tokenmeter(options.binary, options.pricing_data, SOURCE) as tokenmeter:
            found = compare(peer, tokenmeter, options.seed, options.draws)
        is_well = report(*found, options.seed, len(peer.listings))
        if options.with_litellm:
            # Not at the top: it is there only where it was asked for, and takes seconds.
            from . import compare_litellm

            is_well &= compare_litellm.run(options.binary, options.litellm_data, options.litellm_map, options.seed)
    except CannotAnswer as error:
        print(f"compare-catalogs: {error}", file=sys.stderr)
        return 1
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
