"""The requests that both sides are asked to price, drawn from a seed, model by model."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from random import Random

from .meters import INPUT_TOKENS, OUTPUT_TOKENS, is_duration

# Since when prices of the source without a date hold in the imported tables.
FIRST_LINE = datetime(2025, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2024, 6, 1, tzinfo=UTC)
LATEST = datetime(2027, 3, 31, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)

TIERS = [{"processing": "batch"}, {"service_tier": "flex"}, {"service_tier": "priority"}]
# Asked for everywhere; few models have a price of its own for it.
ATTRIBUTE = {"speed": "fast"}

# The peer bills ten seconds at least for these, and counts one kind of audio as the other (types.py, calc_price).
BILLED_BY_TEN_SECONDS = ("groq/whisper-large-v3", "groq/whisper-large-v3-turbo")

TIER_KEYS = ("processing", "service_tier")


@dataclass(slots=True)
class Draw:
    listing: object
    # Where it is asked for: another provider than the listing's own where the peer falls back.
    provider: object
    name: str
    at: datetime
    usage: dict
    context: dict = field(default_factory=dict)
    # Why it was drawn: `random`, `date`, `size`, …
    kind: str = "random"

    @property
    def total_input(self):
        return sum(self.usage.get(meter, 0) for meter in INPUT_TOKENS)

    @property
    def tier(self):
        """The service tier that the context comes to; None for standard."""
        for key in TIER_KEYS:
            if self.context.get(key) not in (None, "default"):
                return self.context[key]
        return None

    @property
    def at_text(self):
        return self.at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.at.microsecond // 1000:03}Z"

    def question(self):
        """The line that tokenmeter is asked."""
        line = {"channel": self.provider.id, "model": self.name, "at": self.at_text, "usage": self.usage}
        asked = self.tier or next((self.context[key] for key in TIER_KEYS if key in self.context), None)
        if asked is not None:
            line["service_tier"] = asked
        attributes = {key: value for key, value in self.context.items() if key not in TIER_KEYS}
        if attributes:
            line["when"] = attributes
        return line


class Drawer:
    """Draws for one listing. `prices` gives the peer's prices at a time in a context."""

    def __init__(self, seed, listing, prices):
        self.listing = listing
        self.prices = prices
        self.random = Random(f"{seed} {listing.key}")

    # MARK: What is drawn

    def all(self, count):
        """At least `count` requests at random, then the edges of everything that the model's prices depend on."""
        yield from (self.anywhere() for _ in range(count))
        yield self.draw(self.moment(EARLIEST, FIRST_LINE), kind="early")
        for at in (FIRST_LINE - MILLISECOND, FIRST_LINE):
            yield self.draw(at, kind="first line")
        yield from self.tiers()
        for context in self.contexts():
            yield from self.dates(context)
            yield from self.sizes(context)
        yield from self.hours()
        yield from self.fallbacks()
        for name in self.listing.names:
            yield self.draw(self.moment(), name=name, kind="name")
        if self.listing.key in BILLED_BY_TEN_SECONDS:
            for seconds in (1, 9, 10, 11):
                usage = {"audio_milliseconds": seconds * 1000}
                yield self.draw(self.moment(), usage=usage, kind="minimum")

    def contexts(self):
        """None, those that the model has prices for, and its tiers together with its attributes."""
        own = self.listing.contexts()
        tiers = [context for context in own if context.keys() & set(TIER_KEYS)]
        return [{}, *own, *({**tier, **other} for tier in tiers for other in own if other not in tiers)]

    def anywhere(self):
        context = self.random.choice(self.contexts()) if self.chance(0.5) else {}
        if not context and self.chance(0.05):
            context = ATTRIBUTE
        return self.draw(self.moment(), context, name=self.spelling())

    def tiers(self):
        """A tier that the model may not have, and `default`, which is standard by another name."""
        yield self.draw(self.moment(), self.random.choice(TIERS), kind="tier")
        yield self.draw(self.moment(), {"service_tier": "default"}, kind="tier")

    def dates(self, context):
        for date in self.listing.start_dates():
            midnight = datetime.combine(date, time(), UTC)
            for at in (midnight - MILLISECOND, midnight):
                yield self.draw(at, context, kind="date")

    def hours(self):
        for constraint in self.listing.hours():
            for edge in (constraint.start_time, constraint.end_time):
                day = self.moment().date()
                instant = datetime.combine(day, edge.replace(tzinfo=None), UTC)
                for at in (instant - SECOND, instant - MILLISECOND, instant, instant + SECOND):
                    yield self.draw(at, kind="hour")

    def sizes(self, context):
        for at in self.moments_between_dates():
            for start in self.prices(self.listing, at, context).tier_starts():
                for total in (start - 1, start, start + 1):
                    usage = self.usage(at, context)
                    yield self.draw(at, context, usage=self.resized(usage, total), kind="size")

    def fallbacks(self):
        """A request with a meter that the peer prices at the rate of another."""
        if self.listing.key in BILLED_BY_TEN_SECONDS:
            return
        at = self.moment()
        meters = self.prices(self.listing, at, {}).fallback_meters()
        for meter in self.random.sample(meters, min(2, len(meters))):
            usage = self.usage(at, {})
            usage[meter] = self.count(meter)
            yield self.draw(at, usage=usage, kind="fallback")

    # MARK: Parts of a draw

    def draw(self, at, context=None, usage=None, name=None, kind="random"):
        context = context or {}
        if usage is None:
            usage = self.usage(at, context)
        return Draw(
            self.listing, self.listing.provider, name or self.listing.names[0], at, usage, context, kind
        )

    def chance(self, share):
        return self.random.random() < share

    def moment(self, earliest=FIRST_LINE, latest=LATEST):
        span = max((latest - earliest) // MILLISECOND, 1)
        return earliest + self.random.randrange(span) * MILLISECOND

    def moments_between_dates(self):
        """One of each span in which the model's prices do not change."""
        dates = [datetime.combine(date, time(), UTC) for date in self.listing.start_dates()]
        edges = [FIRST_LINE, *(date for date in dates if date > FIRST_LINE), LATEST]
        return [self.moment(start, end) for start, end in pairwise(edges)]

    def spelling(self):
        """One of the model's names, now and then in other letters."""
        name = self.random.choice(self.listing.names)
        return name.upper() if self.chance(0.1) else name

    def usage(self, at, context):
        """Some of the meters that both sides have a rate for, at least one of them."""
        prices = self.prices(self.listing, at, context)
        meters = prices.shared_meters() if not prices.is_empty else ["input", "output", "cached_input"]
        if self.listing.key in BILLED_BY_TEN_SECONDS:
            meters = [self.random.choice(meters)]
        chosen = [meter for meter in meters if self.chance(0.7)] or [self.random.choice(meters)]
        # A request is counted by itself, whatever else is said of it.
        if chosen == ["request"]:
            chosen.append(self.random.choice([meter for meter in meters if meter != "request"]))
        return {meter: self.count(meter) for meter in chosen}

    def count(self, meter):
        if meter == "request":
            return 1
        if is_duration(meter):
            return 1000 * self.magnitude(4.5)
        if meter in INPUT_TOKENS or meter in OUTPUT_TOKENS:
            return self.magnitude(6)
        return self.magnitude(3)

    def magnitude(self, digits):
        """Small and large numbers alike."""
        return int(10 ** self.random.uniform(0, digits))

    def resized(self, usage, total):
        """The usage with `total` input tokens, split among its own input meters."""
        meters = [meter for meter in usage if meter in INPUT_TOKENS] or ["input"]
        rest = {meter: count for meter, count in usage.items() if meter not in meters}
        cuts = sorted(self.random.randint(0, total) for _ in meters[1:])
        edges = [0, *cuts, total]
        return rest | {meter: edges[i + 1] - edges[i] for i, meter in enumerate(meters)}
