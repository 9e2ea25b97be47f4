"""Why tokenmeter and litellm differ about one request: litellm fills what is not stated with what is near."""

from __future__ import annotations

from decimal import Decimal

DOUBLE_REACH = Decimal("1e-9")

EQUAL = "equal but for the rounding of doubles"
NOT_IMPORTED = "not in the import"
CANNOT = "litellm cannot price it"
PASSED_OVER = "a price that litellm states and does not look at"
OTHER_ENTRY = "litellm takes another entry for the name"
NO_TIER = "no line for the tier (litellm takes the standard rates)"
UNLISTED = "no rate for a meter (litellm takes another's, or none)"
PARTLY = "a meter without a rate in the tier or band asked (each side fills it in its own way)"
INCLUSIVE = "the edge of a band (litellm counts it in at xai)"
OWN_CODE = "litellm's code for one provider (the entry itself is priced alike)"
UNEXPLAINED = "unexplained"

NOT_LISTED = ("unknown_model", "unknown_channel", "not_sold")
# Where a prompt as long as a band's start takes the band (utils.py, _INCLUSIVE_THRESHOLD_PROVIDERS).
INCLUSIVE_PROVIDERS = ("xai",)


def judge(draw, theirs, answer, litellm):
    """The class of a difference; `litellm` is asked further questions only where costs differ."""
    if answer.code in NOT_LISTED:
        return NOT_IMPORTED
    if theirs is None:
        return CANNOT
    if answer.cost is not None and is_near(answer.cost, theirs):
        return EQUAL
    if answer.code == "no_line_for_tier":
        return NO_TIER if draw.tier not in draw.entry.tiers() else UNEXPLAINED
    if answer.unpriced and not any(draw.entry.states(meter) for meter in answer.unpriced):
        return UNLISTED
    if answer.unpriced and not any(is_stated(draw, meter) for meter in answer.unpriced):
        return PARTLY
    if answer.cost is None:
        return UNEXPLAINED
    if draw.total_input in draw.entry.band_starts() and draw.entry.provider in INCLUSIVE_PROVIDERS:
        return INCLUSIVE
    if litellm.takes_another_entry(draw):
        return OTHER_ENTRY
    if litellm.passes_over_a_key(draw):
        return PASSED_OVER
    generic = litellm.generic_cost(draw)
    if generic is not None and is_near(answer.cost, generic):
        return OWN_CODE
    if any(not is_stated(draw, meter) for meter in draw.usage):
        return PARTLY
    return UNEXPLAINED


def is_stated(draw, meter):
    """Whether the meter has a price in the very tier and band that the request is in."""
    return draw.entry.states_in(meter, draw.tier, is_above(draw))


def is_above(draw):
    return any(draw.total_input > start for start in draw.entry.band_starts())


def is_near(ours, theirs):
    return abs(ours - theirs) <= DOUBLE_REACH * max(abs(ours), abs(theirs))
