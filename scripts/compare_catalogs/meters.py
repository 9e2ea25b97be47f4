"""How the meters of tokenmeter, which are disjoint, and the units of genai-prices, which nest, stand to each other."""

# The most specific unit that counts a meter; the unit's ancestors in the peer's registry count it too.
UNITS = {
    "input": "input_tokens",
    "cached_input": "cache_read_tokens",
    # The peer's cache write of no stated lifetime is one of five minutes.
    "cache_write_5m": "cache_write_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
    "audio_input": "input_audio_tokens",
    "cached_audio_input": "cache_audio_read_tokens",
    "audio_cache_write_5m": "cache_audio_write_tokens",
    "audio_cache_write_1h": "cache_audio_write_1h_tokens",
    "image_input": "input_image_tokens",
    "cached_image_input": "cache_image_read_tokens",
    "image_cache_write_5m": "cache_image_write_tokens",
    "image_cache_write_1h": "cache_image_write_1h_tokens",
    "video_input": "input_video_tokens",
    "cached_video_input": "cache_video_read_tokens",
    "video_cache_write_5m": "cache_video_write_tokens",
    "video_cache_write_1h": "cache_video_write_1h_tokens",
    "output": "output_tokens",
    "reasoning": "output_reasoning_tokens",
    "audio_output": "output_audio_tokens",
    "image_output": "output_image_tokens",
    "video_output": "output_video_tokens",
    "citation": "output_citation_tokens",
    "request": "requests",
    "web_search": "web_searches",
    "file_search": "storage_searches",
    "code_execution": "code_executions",
    "query": "rerank_searches",
    "text_message": "input_text_messages",
    "page": "input_document_pages",
    "annotated_page": "input_annotated_document_pages",
    "character_input": "input_characters",
    "input_pixel": "input_pixels",
    "audio_milliseconds": "audio_seconds",
    "audio_input_milliseconds": "input_audio_seconds",
    "audio_output_milliseconds": "output_audio_seconds",
}

# What both sides price at the parent's rate where it has none of its own: `unlisted: inherit` here.
INHERITED_FROM = {
    "cached_input": "input",
    "cached_audio_input": "audio_input",
    "cached_image_input": "image_input",
    "cached_video_input": "video_input",
    "reasoning": "output",
}

OUTPUT_TOKENS = ("output", "reasoning", "audio_output", "image_output", "video_output", "citation")
INPUT_TOKENS = tuple(
    meter for meter, unit in UNITS.items() if unit.endswith("_tokens") and meter not in OUTPUT_TOKENS
)


def is_duration(meter):
    return meter.endswith("_milliseconds")


def group(meter):
    """The sub-count of a fallback that a meter belongs to."""
    if "cache_write" in meter:
        return "cache writes"
    for modality in ("audio", "image", "video"):
        if modality in meter:
            return modality
    return meter.replace("_", " ")


def is_priced_as(meter, charged):
    """Whether `charged`, the unit whose rate the peer takes for `meter`, is one that tokenmeter takes too."""
    parent = INHERITED_FROM.get(meter)
    return charged == UNITS[meter] or (parent is not None and charged == UNITS[parent])
