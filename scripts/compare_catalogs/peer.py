"""genai-prices as the oracle: its own matching, its own prices, its own arithmetic."""

from __future__ import annotations

import decimal
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from genai_prices import types
from genai_prices.data import providers as bundled_providers
from genai_prices.units import _get_registry

from . import figures
from .draws import TIER_KEYS
from .meters import UNITS, is_duration, is_priced_as

# One a call, whatever is said.
COUNTED_BY_THE_PEER = "requests"
REPORTED = [unit for unit in UNITS.values() if unit != COUNTED_BY_THE_PEER]

# The peer divides in the current context, of 28 digits unless told otherwise.
decimal.getcontext().prec = 60


@dataclass
class Listing:
    """A model of a provider, as the peer finds it."""

    provider: types.Provider
    model: types.ModelInfo
    # Every way to ask for it that is tried.
    names: list[str] = field(default_factory=list)

    @property
    def key(self):
        return f"{self.provider.id}/{self.model.id}"

    @property
    def variants(self):
        return self.model.price_variants or []

    @property
    def conditional_prices(self):
        return self.model.prices if isinstance(self.model.prices, list) else []

    def contexts(self):
        """The request contexts that the peer has prices of their own for."""
        found = []
        for variant in self.variants:
            if variant.when not in found:
                found.append(variant.when)
        return found

    def constraints(self):
        every = [part.constraint for part in [*self.conditional_prices, *self.variants]]
        return [constraint for constraint in every if constraint is not None]

    def start_dates(self):
        found = {c.start_date for c in self.constraints() if isinstance(c, types.StartDateConstraint)}
        return sorted(found)

    def hours(self):
        return [c for c in self.constraints() if isinstance(c, types.TimeOfDateConstraint)]


class PriceSet:
    """The prices that the peer takes at one time in one context."""

    def __init__(self, listing, at, context):
        self.listing = listing
        self.registry = _get_registry()
        prices = listing.model.get_prices(at, context)
        self.prices = {
            self.registry.unit_for_price_key(key).usage_key: price
            for key, price in prices.__dict__.items()
            if price is not None
        }

    @property
    def is_empty(self):
        return not self.prices

    def tier_starts(self):
        starts = {
            tier.start
            for price in self.prices.values()
            if isinstance(price, types.TieredPrices)
            for tier in price.tiers
        }
        return sorted(starts)

    def charged(self, meter):
        """The unit whose rate the peer takes for `meter`; None where it counts the meter for nothing."""
        unit = UNITS[meter]
        chain = [unit, *self.registry.ancestor_usage_keys(unit)]
        priced = [key for key in chain if key in self.prices]
        return max(priced, key=lambda key: len(self.registry.units[key].dimensions), default=None)

    def shared_meters(self):
        """The meters that both sides have a rate for."""
        return [meter for meter in UNITS if is_priced_as(meter, self.charged(meter))]

    def fallback_meters(self):
        """The meters that the peer alone prices, at the rate of something else."""
        return [
            meter for meter in UNITS if self.charged(meter) and not is_priced_as(meter, self.charged(meter))
        ]

    def price_of(self, meter, total_input):
        price = self.prices.get(self.charged(meter))
        return applicable(price, total_input)


def applicable(price, total_input):
    """The rate of a request of that size; the peer's rule (types.py, calc_unit_price)."""
    if isinstance(price, types.TieredPrices):
        return next((t.price for t in reversed(price.tiers) if total_input > t.start), price.base)
    return price


def usage_of(counts):
    """The peer's nested counts of disjoint meters.

    Zeros are stated too: of two counts that overlap the peer wants to hear what they share.
    """
    registry = _get_registry()
    totals = dict.fromkeys(REPORTED, 0)
    for meter, count in counts.items():
        unit = UNITS[meter]
        if unit == COUNTED_BY_THE_PEER:
            continue
        if is_duration(meter):
            count = count // 1000 if count % 1000 == 0 else Decimal(count) / 1000
        for key in (unit, *registry.ancestor_usage_keys(unit)):
            totals[key] = totals.get(key, 0) + count
    return types.Usage(**totals)


class Peer:
    def __init__(self, providers=None):
        self.providers = bundled_providers if providers is None else providers
        self.listings = {
            id(model): Listing(provider, model) for provider in self.providers for model in provider.models
        }

    def find(self, provider, name):
        """What the peer takes `name` for: a listing, perhaps another provider's, or None."""
        model = provider.find_model(name, all_providers=self.providers)
        return None if model is None else self.listings[id(model)]

    def cost(self, draw, stated_input=None):
        """What the peer makes of a draw, or of one that states its input total; raises ValueError where it refuses."""
        usage = usage_of(draw.usage)
        if stated_input is not None:
            usage.input_tokens = stated_input
        priced = draw.listing.model.calc_price(
            usage, draw.provider, genai_request_timestamp=draw.at, price_context=draw.context or None
        )
        return priced.total_price


class Facts:
    """What of the peer's data explains that the two sides answer differently."""

    def __init__(self, draw):
        self.draw = draw

    @cached_property
    def prices(self):
        draw = self.draw
        # A model of another provider is priced there without its variants.
        return PriceSet(draw.listing, draw.at, draw.context if self.is_own else None)

    @property
    def is_own(self):
        """Whether the provider itself lists the model."""
        return self.draw.listing.provider is self.draw.provider

    @property
    def states_a_price(self):
        return not self.prices.is_empty

    @property
    def has_variant(self):
        """Whether a variant of the tier holds that the context asks for."""
        return any(
            variant.when.keys() & set(TIER_KEYS)
            and (variant.constraint is None or variant.constraint.active(self.draw.at))
            and all(self.draw.context.get(key) == value for key, value in variant.when.items())
            for variant in self.draw.listing.variants
        )

    @property
    def fallbacks(self):
        meters = set(self.prices.fallback_meters())
        return {meter for meter, count in self.draw.usage.items() if count > 0 and meter in meters}

    def cost_without(self, meters):
        """The peer's cost of the rest of the usage, at the rates of the whole request's size."""
        total = self.draw.total_input
        flat = {key: applicable(price, total) for key, price in self.prices.prices.items()}
        keys = {self.prices.registry.units[key].price_key: price for key, price in flat.items()}
        rest = {meter: count for meter, count in self.draw.usage.items() if meter not in meters}
        return types.ModelPrice(**keys).calc_price(usage_of(rest))["total_price"]

    @property
    def long_figures(self):
        """The kinds of computed figures among the prices that the cost is made of."""
        total = self.draw.total_input
        used = [self.prices.price_of(meter, total) for meter, count in self.draw.usage.items() if count > 0]
        return {figures.kind(price) for price in used if price is not None} - {None}

    @property
    def durations(self):
        return sum(1 for meter, count in self.draw.usage.items() if count > 0 and is_duration(meter))
