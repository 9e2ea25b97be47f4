"""Figures of a catalog that a double has been through, and how close two costs have to be."""

from decimal import Context, Decimal
from fractions import Fraction

# Digits that a double cannot hold in full: a figure with so many was computed.
SUSPICIOUS_DIGITS = 15
CLEAN = Context(prec=12)
LARGEST_DENOMINATOR = 10_000

FLOAT_NOISE = "float noise"
REPEATING = "repeating decimal"

# tokenmeter counts money in 10^-18; a component is rounded to it, half to even.
HALF_OF_THE_LAST_DIGIT = Decimal("5e-19")
# Both kinds of figures are right to 15 digits.
RELATIVE_REACH = Decimal("1e-14")


def kind(price):
    """FLOAT_NOISE for 0.18000000000000002, REPEATING for 0.08333333333333334, else None."""
    if len(price.normalize().as_tuple().digits) < SUSPICIOUS_DIGITS:
        return None
    written = Fraction(price)
    if abs(Fraction(CLEAN.plus(price)) - written) <= written / 2**51:
        return FLOAT_NOISE
    half_of_last = Fraction(1, 2) * Fraction(10) ** price.as_tuple().exponent
    nearest = written.limit_denominator(LARGEST_DENOMINATOR)
    # Arithmetic on doubles loses a few of the last bits: 0.04166666666666665 is 1/24.
    return REPEATING if abs(nearest - written) <= max(half_of_last, written / 2**50) else None


def is_near(ours, peers):
    """Whether the two differ by no more than a computed figure and the last digit of money explain."""
    return abs(ours - peers) < RELATIVE_REACH * peers + 2 * HALF_OF_THE_LAST_DIGIT


def is_rounding(ours, peers, components):
    """Whether `ours` is the sum of `components` roundings of a cost that has more decimals than money here."""
    ends = peers == peers.quantize(Decimal("1e-18"))
    return not ends and abs(ours - peers) <= HALF_OF_THE_LAST_DIGIT * components
