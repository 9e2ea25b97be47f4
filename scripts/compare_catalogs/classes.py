"""Why two answers to one request differ: a named exemption, or a difference that fails the comparison."""

from __future__ import annotations

from dataclasses import dataclass

from . import figures
from .draws import FIRST_LINE
from .meters import group

EQUAL = "equal"
DIFFERENT = "different"
NO_TIER = "no line for the tier"
BEFORE_FIRST_LINE = "before the first line"
PROVIDER_FALLBACK = "provider fallback"
MODALITY_FALLBACK = "cross-modality fallback"
REPEATING = "repeating decimals"
NEGATIVE = "negative remainder"
NO_PRICE = "no price stated"

EXEMPTIONS = (
    NO_TIER, BEFORE_FIRST_LINE, PROVIDER_FALLBACK, MODALITY_FALLBACK, REPEATING, NEGATIVE, NO_PRICE,
)

# What an answer is given as its code where the command line refused parts that are more than their total.
NEGATIVE_CODE = "negative"
# How tokenmeter says that a channel does not list a model, by its name or at all.
NOT_LISTED = ("not_sold", "unknown_model")


@dataclass(frozen=True)
class Verdict:
    name: str
    # What of it: the modality of a fallback, the kind of a figure.
    part: str | None = None


def judge(draw, peers, answer, facts):
    """`peers` is the peer's cost, or None where it refused; `facts` of the peer's data are asked where costs differ."""
    if peers is None:
        return Verdict(NEGATIVE if answer.code == NEGATIVE_CODE else DIFFERENT)
    if answer.cost is not None and facts.is_own:
        return judge_costs(answer.cost, peers, facts)
    return Verdict(*refusal(draw, peers, answer, facts))


def judge_costs(ours, peers, facts):
    if ours == peers:
        return Verdict(EQUAL)
    if figures.is_near(ours, peers):
        kinds = facts.long_figures
        if kinds:
            # Where both are in one request the fraction is what cannot be written out.
            return Verdict(REPEATING, figures.REPEATING if figures.REPEATING in kinds else figures.FLOAT_NOISE)
        if facts.durations and figures.is_rounding(ours, peers, facts.durations):
            return Verdict(REPEATING, "part of an hour")
    return Verdict(DIFFERENT)


def refusal(draw, peers, answer, facts):
    """The exemption under which tokenmeter may leave unpriced what the peer prices."""
    if not facts.is_own:
        return (PROVIDER_FALLBACK,) if answer.code in NOT_LISTED else (DIFFERENT,)
    if answer.code == "no_line_at_time" and draw.at < FIRST_LINE:
        return (BEFORE_FIRST_LINE,)
    if answer.code == "no_line_for_tier" and draw.tier is not None and not facts.has_variant:
        return (NO_TIER,)
    # The source's empty set of prices costs nothing at the peer, whether the model is free or its price unknown.
    if answer.code in NOT_LISTED and peers == 0 and not facts.states_a_price:
        return (NO_PRICE,)
    # What has a rate has to be right all the same.
    meters = answer.unpriced
    if meters and meters == facts.fallbacks:
        rest = judge_costs(answer.cost_at_least, facts.cost_without(meters), facts)
        if rest.name == DIFFERENT:
            return (DIFFERENT,)
        return (MODALITY_FALLBACK, ", ".join(sorted({group(meter) for meter in meters})))
    return (DIFFERENT,)
