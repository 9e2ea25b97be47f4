"""Names to ask for a model by: those that its match clauses state, and an example of each that states none."""

import re
from re import _constants as codes
from re import _parser as parser


def of(clause):
    """Names that a clause of the peer is about; whose they are is for the peer to say."""
    for kind in ("or_", "and_"):
        inner = getattr(clause, kind, None)
        if inner is not None:
            return [name for part in inner for name in of(part)]
    for kind, frames in FRAMES.items():
        text = getattr(clause, kind, None)
        if text is not None:
            return [frame.format(text) for frame in frames]
    return [example(clause.regex)]


FRAMES = {
    "equals": ("{}",),
    "starts_with": ("{}", "{}-0x7"),
    "ends_with": ("{}", "x7-{}"),
    "contains": ("{}", "x7-{}-0x7"),
}


def example(regex):
    """A text that the expression finds itself in."""
    return "".join(piece(code, value) for code, value in parser.parse(regex))


def piece(code, value):
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.IN:
        return piece(*value[0])
    if code is codes.CATEGORY:
        return "7" if value is codes.CATEGORY_DIGIT else "x"
    if code is codes.ANY:
        return "x"
    if code is codes.MAX_REPEAT:
        least, _, inner = value
        return "".join(piece(*part) for part in inner) * max(least, 1)
    if code is codes.SUBPATTERN:
        return "".join(piece(*part) for part in value[-1])
    if code is codes.BRANCH:
        return "".join(piece(*part) for part in value[1][0])
    # Anchors and what must not follow add no letters.
    return ""


DASHED_DATE = re.compile(r"-(20\d\d)-(\d\d)-(\d\d)(?=$|[-:])")


def with_compact_date(name):
    """`-2025-12-11` as `-20251211`, which both sides read as the same; None for a name without a date."""
    compact = DASHED_DATE.sub(r"-\1\2\3", name)
    return compact if compact != name else None


# How many models of other providers each provider is asked for.
STRANGERS = 40


def give(peer, random):
    """Gives every listing its names, and returns those that the peer finds with another provider.

    The peer takes the first model in its file that matches, so a name may be of another model than the one whose clause
    states it.
    """
    elsewhere = []
    everywhere = [model.id for provider in peer.providers for model in provider.models]
    for provider in peer.providers:
        seen = {}
        for model in provider.models:
            for name in [model.id, *of(model.match)]:
                for spelling in (name, with_compact_date(name)):
                    if spelling and spelling not in seen:
                        seen[spelling] = peer.find(provider, spelling)
        # A loose clause may match the models of others.
        for name in random.sample(everywhere, STRANGERS):
            seen.setdefault(name, peer.find(provider, name))
        fallbacks = [p for p in peer.providers if p.id in (provider.fallback_model_providers or ())]
        for other in fallbacks:
            for model in other.models:
                seen.setdefault(model.id, peer.find(provider, model.id))
        for name, listing in seen.items():
            if listing is None:
                continue
            if listing.provider is provider:
                listing.names.append(name)
            else:
                elsewhere.append((provider, listing, name))
    return elsewhere
