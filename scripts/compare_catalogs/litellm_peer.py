"""litellm as a second oracle: its price map, and its own computing of costs in doubles.

Importing this module bars the whole process from the network: litellm fetches its map unless told otherwise, and for
some providers it asks for a login before it names a price.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from decimal import Decimal
from pathlib import Path

from .litellm_entries import KEYS, TIER_SUFFIXES
from .meters import INPUT_TOKENS, OUTPUT_TOKENS


def bar_network(event, _):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        raise OSError("compare-catalogs asks no network")


sys.addaudithook(bar_network)
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
from litellm.cost_calculator import cost_per_token  # noqa: E402
from litellm.litellm_core_utils.llm_cost_calc.utils import generic_cost_per_token  # noqa: E402
from litellm.types.utils import (  # noqa: E402
    CacheCreationTokenDetails,
    CompletionTokensDetailsWrapper,
    PromptTokensDetailsWrapper,
    Usage,
)

litellm.suppress_debug_info = True
logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)

VERSION = "1.108.0"
BUNDLED_MAP = Path(litellm.__file__).with_name("model_prices_and_context_window_backup.json")

# Batches are priced by a function of their own.
BATCH_CALL = "aretrieve_batch"


def use_map(path):
    """Lets litellm price by the map at `path` in place of its own; before anything is priced."""
    litellm.model_cost = json.loads(Path(path).read_text())
    litellm.utils._invalidate_model_cost_lowercase_map()


def usage_of(counts):
    """litellm's usage: totals with their parts."""

    def total(meters):
        return sum(counts.get(meter, 0) for meter in meters)

    written = total(("cache_write_5m", "cache_write_1h"))
    details = PromptTokensDetailsWrapper(
        text_tokens=counts.get("input", 0),
        cached_tokens=counts.get("cached_input", 0),
        audio_tokens=counts.get("audio_input", 0),
        image_tokens=counts.get("image_input", 0),
        cache_creation_tokens=written,
        cache_creation_token_details=CacheCreationTokenDetails(
            ephemeral_5m_input_tokens=counts.get("cache_write_5m", 0),
            ephemeral_1h_input_tokens=counts.get("cache_write_1h", 0),
        ) if written else None,
    )
    outputs = CompletionTokensDetailsWrapper(
        text_tokens=counts.get("output", 0),
        reasoning_tokens=counts.get("reasoning", 0),
        audio_tokens=counts.get("audio_output", 0),
        image_tokens=counts.get("image_output", 0),
    )
    prompt, completion = total(INPUT_TOKENS), total(OUTPUT_TOKENS)
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion,
        prompt_tokens_details=details, completion_tokens_details=outputs,
    )


def cost(draw):
    """What litellm makes of a draw, as the decimal that its double is written as; None where it cannot."""
    entry, tier = draw.entry, draw.tier
    call = {"call_type": BATCH_CALL} if tier == "batch" else {"service_tier": tier}
    try:
        parts = cost_per_token(
            model=entry.key, custom_llm_provider=entry.code_provider, usage_object=usage_of(draw.usage), **call
        )
    except Exception:
        # litellm raises a bare Exception for a model that it cannot find.
        return None
    return decimal_sum(parts)


def generic_cost(draw):
    """The same without the code that litellm has for single providers."""
    if draw.tier == "batch":
        return None
    try:
        parts = generic_cost_per_token(
            model=draw.entry.key, usage=usage_of(draw.usage), custom_llm_provider=draw.entry.code_provider,
            service_tier=draw.tier,
        )
    except Exception:
        return None
    return decimal_sum(parts)


def model_info(draw):
    """What litellm reads of the map for the entry's name."""
    try:
        return litellm.get_model_info(model=draw.entry.key, custom_llm_provider=draw.entry.code_provider)
    except Exception:
        return None


def takes_another_entry(draw):
    info = model_info(draw)
    return info is not None and info["key"] != draw.entry.key


def passes_over_a_key(draw):
    """Whether the entry states a price, for the tier asked, that litellm's code does not look at.

    Of a price per request it never does (`generic_cost_per_token`, llms/perplexity/cost_calculator.py).
    """
    if draw.entry.prices.get("input_cost_per_request"):
        return True
    info = model_info(draw) or {}
    keys = [KEYS[meter] + TIER_SUFFIXES.get(draw.tier, "") for meter in draw.usage]
    return any(draw.entry.prices.get(key) is not None and info.get(key) is None for key in keys)


def decimal_sum(parts):
    return sum((Decimal(repr(float(part))) for part in parts), Decimal(0))
