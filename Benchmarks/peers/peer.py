"""The same work by other libraries: gpt-4.1 on openai, 1,000 input tokens of which 200 are cached, 500 output tokens.

    peer.py LIBRARY calls [RUNS]   calls a second (median, least, most), by wall and by processor time; tabs between
    peer.py LIBRARY once           prints one cost
    peer.py LIBRARY lines          answers lines of NDJSON on stdin as tokenmeter price does, with the cost alone

LIBRARY is genai-prices, tokencost, litellm, or decimal: the bare arithmetic, the floor of what Python can do. The counts
vary with each call, so that no memo of an answer helps.
"""
import json
import os
import statistics
import sys
import time

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks the network


def genai_prices():
    from genai_prices import Usage, calc_price

    def price(uncached, cached, output):
        usage = Usage(input_tokens=uncached + cached, cache_read_tokens=cached, output_tokens=output)
        return calc_price(usage, model_ref="gpt-4.1", provider_id="openai").total_price

    return price


def tokencost():
    from tokencost import calculate_cost_by_tokens as cost

    def price(uncached, cached, output):  # one call for each kind of token
        return (cost(uncached, "gpt-4.1", "input") + cost(cached, "gpt-4.1", "cached")
                + cost(output, "gpt-4.1", "output"))

    return price


def litellm():
    from litellm import cost_per_token

    def price(uncached, cached, output):
        return sum(cost_per_token("gpt-4.1", prompt_tokens=uncached + cached, completion_tokens=output,
                                  cache_read_input_tokens=cached, custom_llm_provider="openai"))

    return price


def decimal():
    from decimal import Decimal

    input_rate, cached_rate, output_rate = Decimal("2"), Decimal("0.5"), Decimal("8")
    million = Decimal(1000000)

    def price(uncached, cached, output):
        return (input_rate * uncached + cached_rate * cached + output_rate * output) / million

    return price


def calls(price, runs):
    def seconds(count):
        wall, processor = time.perf_counter(), time.process_time()
        for index in range(count):
            price(800 + index, 200, 500)
        return time.perf_counter() - wall, time.process_time() - processor

    count = 1
    while seconds(count)[0] < 0.1:
        count *= 4
    times = [seconds(count) for _ in range(runs)]
    walls = [count / wall for wall, _ in times]
    figures = [statistics.median(walls), min(walls), max(walls), statistics.median(count / cpu for _, cpu in times)]
    print("\t".join(str(round(figure)) for figure in figures))


def lines(price):
    for line in sys.stdin:
        request = json.loads(line)
        usage = request["usage"]
        cost = price(usage["input"], usage["cached_input"], usage["output"])
        print(json.dumps({"model": request["model"], "cost": {"amount": str(cost), "currency": "USD"}}))


library = {"genai-prices": genai_prices, "tokencost": tokencost, "litellm": litellm, "decimal": decimal}
price = library[sys.argv[1]]()
match sys.argv[2]:
    case "calls":
        calls(price, int(sys.argv[3]) if len(sys.argv) > 3 else 9)
    case "once":
        print(price(800, 200, 500))
    case "lines":
        lines(price)
