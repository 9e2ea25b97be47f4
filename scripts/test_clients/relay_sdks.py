"""The vendors' own SDKs against a relay, with nothing changed but the address and the key.

    relay_sdks.py RELAY TOKENS

Prints one line for each call; a fault is an assertion that fails.
"""

import sys

import anthropic
import openai
from google import genai
from google.genai import types

relay, tokens = sys.argv[1], int(sys.argv[2])
key = "not-a-key-of-anybody"
messages = [{"role": "user", "content": "What is a rate line?"}]


def told(what, text, count):
    assert text, f"{what}: no text"
    assert count == tokens, f"{what}: {count} tokens, and not {tokens}"
    print(f"ok: {what}: {len(text)} characters")
    return text


def with_openai():
    client = openai.OpenAI(base_url=relay + "/v1", api_key=key, max_retries=0)
    whole = client.chat.completions.create(model="gpt-4.1", messages=messages)
    text = told("openai, chat", whole.choices[0].message.content, whole.usage.completion_tokens)
    # Without usage, as most people ask: no chunk may be without a choice.
    chunks = list(client.chat.completions.create(model="gpt-4.1", messages=messages, stream=True))
    assert all(chunk.choices for chunk in chunks), "openai, chat streamed: a chunk without a choice"
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert streamed == text, "openai, chat streamed: another text"
    print(f"ok: openai, chat streamed: {len(chunks)} chunks")
    chunks = list(client.chat.completions.create(
        model="gpt-4.1", messages=messages, stream=True, stream_options={"include_usage": True}))
    told("openai, chat streamed with usage", streamed, chunks[-1].usage.completion_tokens)
    whole = client.responses.create(model="gpt-4.1", input="What is a rate line?")
    told("openai, responses", whole.output_text, whole.usage.output_tokens)
    with client.responses.stream(model="gpt-4.1", input="What is a rate line?") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        told("openai, responses streamed", text, stream.get_final_response().usage.output_tokens)
    assert client.models.list().data, "openai: no models"
    raw = client.chat.completions.with_raw_response.create(model="gpt-4.1", messages=messages)
    assert raw.headers["x-tokenmeter-event"], "openai: no event"
    try:
        client.embeddings.create(model="gpt-4.1", input="x")
        raise AssertionError("openai: embeddings pass")
    except openai.NotFoundError as error:
        assert error.code == "not_metered", error
        print("ok: openai, a route that is not metered")


def with_anthropic():
    client = anthropic.Anthropic(base_url=relay, api_key=key, max_retries=0)
    whole = client.messages.create(model="claude-sonnet-5", max_tokens=1_000, messages=messages)
    told("anthropic, messages", whole.content[0].text, whole.usage.output_tokens)
    with client.messages.stream(model="claude-sonnet-5", max_tokens=1_000, messages=messages) as stream:
        text = "".join(stream.text_stream)
        told("anthropic, messages streamed", text, stream.get_final_message().usage.output_tokens)
    try:
        client.messages.count_tokens(model="claude-sonnet-5", messages=messages)
        raise AssertionError("anthropic: count_tokens passes")
    except anthropic.NotFoundError as error:
        assert "does not pass that route on" in str(error), error
        print("ok: anthropic, a route that is not metered")


def with_google():
    client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=relay))
    whole = client.models.generate_content(model="gemini-2.5-flash", contents="What is a rate line?")
    told("google-genai, content", whole.text, whole.usage_metadata.candidates_token_count)
    chunks = list(client.models.generate_content_stream(
        model="gemini-2.5-flash", contents="What is a rate line?"))
    text = "".join(chunk.text or "" for chunk in chunks)
    told("google-genai, content streamed", text, chunks[-1].usage_metadata.candidates_token_count)


with_openai()
with_anthropic()
with_google()
