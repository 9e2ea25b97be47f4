"""Tests of the comparison itself: every exemption fires for its cause alone, and a wrong cost is a failure."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import tempfile
import unittest
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from genai_prices import types

from . import classes, compare, figures, litellm_classes, names
from .draws import FIRST_LINE, Draw, Drawer
from .litellm_entries import Entry, LiteLLMDraw, draws
from .ours import Answer, CannotAnswer, Tokenmeter
from .peer import Facts, Listing, Peer, PriceSet, usage_of

AUTUMN = datetime(2026, 10, 1, tzinfo=UTC)
GPT = {"input_mtok": Decimal(2), "cache_read_mtok": Decimal("0.5"), "output_mtok": Decimal(8)}
BATCH = {"processing": "batch"}


def listing(prices=None, variants=(), provider="openai", model="gpt-4.1"):
    prices = GPT if prices is None else prices
    info = types.ModelInfo(
        id=model,
        match=types.ClauseEquals(model),
        prices=prices if isinstance(prices, list) else types.ModelPrice(**prices),
        price_variants=list(variants) or None,
    )
    seller = types.Provider(id=provider, name=provider, api_pattern="", models=[info])
    return Listing(seller, info, [model])


def variant(prices, since=None, **when):
    constraint = None if since is None else types.StartDateConstraint(since)
    return types.PriceVariant(when=when, prices=types.ModelPrice(**prices), constraint=constraint)


def draw(of=None, usage=None, at=AUTUMN, context=None, provider=None):
    of = listing() if of is None else of
    usage = {"input": 1000, "output": 100} if usage is None else usage
    return Draw(of, provider or of.provider, of.names[0], at, usage, context or {})


def verdict(asked, answer):
    peers = compare.peers_cost(Peer([asked.listing.provider]), asked)
    return classes.judge(asked, peers, answer, Facts(asked))


def named(asked, answer):
    return verdict(asked, answer).name


def priced(cost):
    return Answer(model="m", cost=Decimal(cost), line="L1")


def partly(cost, *unpriced):
    return Answer(model="m", cost_at_least=Decimal(cost), unpriced=frozenset(unpriced), line="L1")


def refused(code):
    return Answer(code=code, message=code)


class Costs(unittest.TestCase):
    def test_equal_to_the_last_digit(self):
        self.assertEqual(named(draw(), priced("0.0028")), classes.EQUAL)
        self.assertEqual(named(draw(), priced("0.00280")), classes.EQUAL)

    def test_a_wrong_cost_is_a_difference_however_small(self):
        for cost in ("0.0029", "0", "0.002800000000000001", "0.0028000000000000000001"):
            self.assertEqual(named(draw(), priced(cost)), classes.DIFFERENT, cost)

    def test_a_refusal_without_a_cause_is_a_difference(self):
        codes = ("no_line_at_time", "no_line_for_tier", "no_line_for_size", "not_sold", "unknown_model", "malformed")
        for code in codes:
            self.assertEqual(named(draw(), refused(code)), classes.DIFFERENT, code)

    def test_a_cost_where_the_peer_refuses_is_a_difference(self):
        self.assertEqual(classes.judge(draw(), None, priced("1"), Facts(draw())).name, classes.DIFFERENT)


class NoLineForTheTier(unittest.TestCase):
    half = {"input_mtok": Decimal(1), "output_mtok": Decimal(4)}

    def test_where_no_variant_matches(self):
        self.assertEqual(named(draw(context=BATCH), refused("no_line_for_tier")), classes.NO_TIER)

    def test_not_for_a_variant_that_holds(self):
        asked = draw(listing(variants=[variant(self.half, processing="batch")]), context=BATCH)
        self.assertEqual(named(asked, refused("no_line_for_tier")), classes.DIFFERENT)
        self.assertEqual(named(asked, priced("0.0014")), classes.EQUAL)

    def test_before_the_variant_begins_and_not_from_then_on(self):
        of = listing(variants=[variant(self.half, since=date(2026, 10, 14), processing="batch")])
        begins = datetime(2026, 10, 14, tzinfo=UTC)
        before = draw(of, context=BATCH, at=begins - timedelta(milliseconds=1))
        self.assertEqual(named(before, refused("no_line_for_tier")), classes.NO_TIER)
        self.assertEqual(named(draw(of, context=BATCH, at=begins), refused("no_line_for_tier")), classes.DIFFERENT)

    def test_an_attribute_of_the_model_is_no_tier(self):
        of = listing(variants=[variant(self.half, speed="fast")])
        asked = draw(of, context=BATCH | {"speed": "fast"})
        self.assertEqual(named(asked, refused("no_line_for_tier")), classes.NO_TIER)
        self.assertEqual(named(draw(of, context={"speed": "fast"}), refused("no_line_for_tier")), classes.DIFFERENT)

    def test_not_for_the_standard_tier_nor_for_another_refusal(self):
        for context in ({}, {"service_tier": "default"}, {"speed": "fast"}):
            self.assertEqual(named(draw(context=context), refused("no_line_for_tier")), classes.DIFFERENT)
        self.assertEqual(named(draw(context=BATCH), refused("no_line_for_size")), classes.DIFFERENT)

    def test_not_for_a_price_out_of_the_air(self):
        self.assertEqual(named(draw(context=BATCH), priced("0.0014")), classes.DIFFERENT)


class BeforeTheFirstLine(unittest.TestCase):
    def test_before_and_not_from_then_on(self):
        before = draw(at=FIRST_LINE - timedelta(milliseconds=1))
        self.assertEqual(named(before, refused("no_line_at_time")), classes.BEFORE_FIRST_LINE)
        self.assertEqual(named(draw(at=FIRST_LINE), refused("no_line_at_time")), classes.DIFFERENT)

    def test_not_for_another_refusal(self):
        before = draw(at=FIRST_LINE - timedelta(days=1))
        for code in ("not_sold", "unknown_model", "no_line_for_size"):
            self.assertEqual(named(before, refused(code)), classes.DIFFERENT, code)


class ProviderFallback(unittest.TestCase):
    azure = types.Provider(id="azure", name="Azure", api_pattern="", models=[])

    def test_where_another_provider_lists_the_model(self):
        for code in ("not_sold", "unknown_model"):
            self.assertEqual(named(draw(provider=self.azure), refused(code)), classes.PROVIDER_FALLBACK)

    def test_never_a_silent_price(self):
        self.assertEqual(named(draw(provider=self.azure), priced("0.0028")), classes.DIFFERENT)

    def test_not_where_the_provider_itself_lists_it(self):
        self.assertEqual(named(draw(), refused("not_sold")), classes.DIFFERENT)


class ModalityFallback(unittest.TestCase):
    def test_a_modality_without_a_rate(self):
        asked = draw(usage={"input": 1000, "audio_input": 500})
        found = verdict(asked, partly("0.002", "audio_input"))
        self.assertEqual((found.name, found.part), (classes.MODALITY_FALLBACK, "audio"))

    def test_cache_writes_are_counted_apart(self):
        asked = draw(usage={"input": 1000, "cache_write_5m": 500, "audio_cache_write_1h": 1})
        found = verdict(asked, partly("0.002", "cache_write_5m", "audio_cache_write_1h"))
        self.assertEqual((found.name, found.part), (classes.MODALITY_FALLBACK, "cache writes"))

    def test_the_rest_has_to_be_right(self):
        asked = draw(usage={"input": 1000, "audio_input": 500})
        self.assertEqual(named(asked, partly("0.003", "audio_input")), classes.DIFFERENT)

    def test_the_rest_is_priced_at_the_size_of_the_whole(self):
        tiers = types.TieredPrices(base=Decimal(2), tiers=[types.Tier(start=1200, price=Decimal(4))])
        asked = draw(listing({"input_mtok": tiers}), usage={"input": 1000, "audio_input": 500})
        self.assertEqual(named(asked, partly("0.004", "audio_input")), classes.MODALITY_FALLBACK)
        self.assertEqual(named(asked, partly("0.002", "audio_input")), classes.DIFFERENT)

    def test_not_for_a_meter_with_a_rate_of_its_own(self):
        prices = GPT | {"input_audio_mtok": Decimal(3), "cache_audio_read_mtok": Decimal(1)}
        asked = draw(listing(prices), usage={"input": 1000, "audio_input": 500})
        self.assertEqual(named(asked, partly("0.002", "audio_input")), classes.DIFFERENT)

    def test_not_for_what_both_inherit(self):
        prices = {"input_mtok": Decimal(2), "output_mtok": Decimal(8)}
        asked = draw(listing(prices), usage={"input": 1000, "cached_input": 500, "reasoning": 1})
        self.assertEqual(named(asked, partly("0.002", "cached_input", "reasoning")), classes.DIFFERENT)
        self.assertEqual(named(asked, priced("0.003008")), classes.EQUAL)

    def test_not_for_a_silent_price_by_another_modality(self):
        self.assertEqual(named(draw(usage={"audio_input": 500}), priced("0.002")), classes.DIFFERENT)

    def test_every_unpriced_meter_has_to_be_a_fallback(self):
        asked = draw(usage={"input": 1000, "audio_input": 500})
        self.assertEqual(named(asked, partly("0", "audio_input", "input")), classes.DIFFERENT)


class RepeatingDecimals(unittest.TestCase):
    twelfth = listing({"input_mtok": Decimal("0.08333333333333334")})
    noisy = listing({"input_mtok": Decimal("0.18000000000000002")})
    hourly = listing({"audio_hours": Decimal("0.111")})

    def test_a_ratio_for_a_cut_decimal(self):
        asked = draw(self.twelfth, usage={"input": 12_000_000})
        found = verdict(asked, priced("1"))
        self.assertEqual((found.name, found.part), (classes.REPEATING, figures.REPEATING))

    def test_a_clean_decimal_for_float_noise(self):
        found = verdict(draw(self.noisy, usage={"input": 1_000_000}), priced("0.18"))
        self.assertEqual((found.name, found.part), (classes.REPEATING, figures.FLOAT_NOISE))

    def test_not_further_off_than_a_double(self):
        for of, near in ((self.twelfth, "0.0833333333334"), (self.noisy, "0.1800000000001")):
            self.assertEqual(named(draw(of, usage={"input": 1_000_000}), priced(near)), classes.DIFFERENT)

    def test_not_where_the_figure_has_no_part_in_the_cost(self):
        prices = GPT | {"cache_write_mtok": Decimal("0.08333333333333334")}
        asked = draw(listing(prices), usage={"input": 1_000_000})
        self.assertEqual(named(asked, priced("2.000000000000000001")), classes.DIFFERENT)

    def test_a_part_of_an_hour_that_does_not_end(self):
        asked = draw(self.hourly, usage={"audio_milliseconds": 7000})
        found = verdict(asked, priced("0.000215833333333333"))
        self.assertEqual((found.name, found.part), (classes.REPEATING, "part of an hour"))
        self.assertEqual(named(asked, priced("0.000215833333333335")), classes.DIFFERENT)

    def test_not_for_a_part_of_an_hour_that_ends(self):
        asked = draw(self.hourly, usage={"audio_milliseconds": 3_600_000})
        self.assertEqual(named(asked, priced("0.111000000000000001")), classes.DIFFERENT)

    def test_kinds_of_figures(self):
        for text in ("0.18000000000000002", "0.13999999999999999", "1.0399999999999998"):
            self.assertEqual(figures.kind(Decimal(text)), figures.FLOAT_NOISE, text)
        repeating = (
            "0.08333333333333334", "0.0833333333333333", "0.04166666666666665", "0.0416666666666667",
            "0.041666666666666664",
        )
        for text in repeating:
            self.assertEqual(figures.kind(Decimal(text)), figures.REPEATING, text)
        for text in ("0.18", "2", "0", "0.0001234567", "0.123456789012345678"):
            self.assertIsNone(figures.kind(Decimal(text)), text)


class NegativeRemainder(unittest.TestCase):
    asked = draw(usage={"cached_input": 200})

    def judged(self, code, stated_input=100):
        peers = compare.peers_cost(Peer([self.asked.provider]), self.asked, stated_input)
        return classes.judge(self.asked, peers, Answer(code=code), Facts(self.asked)).name

    def test_both_refuse(self):
        self.assertEqual(self.judged(classes.NEGATIVE_CODE), classes.NEGATIVE)

    def test_not_where_either_accepts(self):
        self.assertEqual(self.judged("accepted"), classes.DIFFERENT)
        self.assertEqual(self.judged(classes.NEGATIVE_CODE, stated_input=200), classes.DIFFERENT)


class NoPriceStated(unittest.TestCase):
    def test_an_empty_set_of_prices(self):
        for code in ("not_sold", "unknown_model"):
            self.assertEqual(named(draw(listing({})), refused(code)), classes.NO_PRICE)
        self.assertEqual(named(draw(listing({})), priced("0")), classes.EQUAL)

    def test_not_for_a_price_nor_for_a_model_with_one(self):
        self.assertEqual(named(draw(listing({})), priced("0.1")), classes.DIFFERENT)
        self.assertEqual(named(draw(listing({"input_mtok": Decimal(0)})), refused("not_sold")), classes.DIFFERENT)

    def test_more_of_them_than_are_known_fail(self):
        tally = compare.Tally()
        for index in range(compare.MAXIMUM_WITHOUT_PRICE + 1):
            self.assertEqual(passes(tally), index <= compare.MAXIMUM_WITHOUT_PRICE)
            asked = draw(listing({}, model=f"m{index}"))
            tally.add(asked, Decimal(0), refused("not_sold"), classes.Verdict(classes.NO_PRICE))
        self.assertFalse(passes(tally))


def passes(tally, faults=()):
    with contextlib.redirect_stdout(io.StringIO()):
        return compare.report(tally, list(faults), [], 1, 1)


class Reports(unittest.TestCase):
    def test_a_difference_fails_and_is_shown(self):
        tally = compare.Tally()
        asked = draw(context=BATCH)
        tally.add(asked, Decimal("0.0028"), priced("0.0029"), classes.Verdict(classes.DIFFERENT))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertFalse(compare.report(tally, [], [], 7, 1))
        shown, totals = said.getvalue().splitlines()
        for part in ("openai/gpt-4.1", "2026-10-01T00:00:00.000Z", "batch", "'input': 1000", "0.0028", "0.0029", "L1"):
            self.assertIn(part, shown)
        start = "compare-catalogs: seed 7: 1 models, 1 draws: 0 equal, 1 different; exempt: "
        self.assertTrue(totals.startswith(start), totals)

    def test_every_exemption_is_in_the_totals(self):
        totals = compare.Tally().line(1, 1)
        for name in classes.EXEMPTIONS:
            self.assertIn(f"{name} 0", totals)

    def test_a_fault_of_names_fails(self):
        self.assertTrue(passes(compare.Tally()))
        self.assertFalse(passes(compare.Tally(), ["x is several models here"]))


class OneModelForOne(unittest.TestCase):
    def faults(self, *answers):
        identities = compare.Identities()
        for of, model in answers:
            identities.add(draw(of), Answer(model=model))
        return len(list(identities.faults()))

    def test_one_model_under_every_name(self):
        one, other = listing(model="one"), listing(model="other")
        self.assertEqual(self.faults((one, "a"), (one, "a"), (other, "b")), 0)
        self.assertEqual(self.faults((one, "a"), (one, "b")), 1)
        self.assertEqual(self.faults((one, "a"), (other, "a")), 1)

    def test_providers_may_share_a_model(self):
        self.assertEqual(self.faults((listing(), "a"), (listing(provider="azure"), "a")), 0)


class Usages(unittest.TestCase):
    def test_disjoint_meters_as_nested_counts(self):
        usage = usage_of({"input": 1, "cached_input": 2, "cache_write_1h": 4, "cached_audio_input": 8, "reasoning": 16})
        expected = {
            "input_tokens": 15, "cache_read_tokens": 10, "cache_write_tokens": 4, "cache_write_1h_tokens": 4,
            "input_audio_tokens": 8, "cache_audio_read_tokens": 8, "output_tokens": 16,
            "output_reasoning_tokens": 16, "cache_write_5m_tokens": 0,
        }
        self.assertEqual({key: getattr(usage, key) for key in expected}, expected)

    def test_milliseconds_as_seconds(self):
        usage = usage_of({"audio_milliseconds": 2000, "audio_input_milliseconds": 1500})
        self.assertEqual(usage.audio_seconds, Decimal("3.5"))
        self.assertEqual(usage.input_audio_seconds, Decimal("1.5"))


class Questions(unittest.TestCase):
    def test_contexts_as_tiers_and_attributes(self):
        context = {"processing": "batch", "speed": "fast"}
        question = draw(context=context).question()
        self.assertEqual((question["service_tier"], question["when"]), ("batch", {"speed": "fast"}))
        self.assertEqual("default", draw(context={"service_tier": "default"}).question()["service_tier"])
        self.assertEqual(draw(context={"service_tier": "flex"}).question()["service_tier"], "flex")


class Draws(unittest.TestCase):
    tiers = types.TieredPrices(base=Decimal(3), tiers=[types.Tier(start=200_000, price=Decimal(6))])
    dated = listing(
        [
            types.ConditionalPrice(prices=types.ModelPrice(input_mtok=tiers)),
            types.ConditionalPrice(
                constraint=types.StartDateConstraint(date(2026, 5, 1)), prices=types.ModelPrice(input_mtok=tiers)
            ),
            types.ConditionalPrice(
                constraint=types.TimeOfDateConstraint(datetime.min.time(), datetime.min.time().replace(hour=4)),
                prices=types.ModelPrice(input_mtok=Decimal(1)),
            ),
        ],
        [variant({"input_mtok": Decimal(1)}, processing="batch")],
    )

    def drawn(self, seed=1, of=None):
        return list(Drawer(seed, of or self.dated, PriceSet).all(20))

    def test_at_least_twenty_at_random_and_the_same_of_one_seed(self):
        first = [one.question() for one in self.drawn()]
        self.assertGreaterEqual(sum(one.kind == "random" for one in self.drawn()), 20)
        self.assertEqual(first, [one.question() for one in self.drawn()])
        self.assertNotEqual(first, [one.question() for one in self.drawn(seed=2)])

    def test_every_edge_of_dates_hours_and_sizes(self):
        drawn = self.drawn()
        moments = {one.at_text for one in drawn if one.kind in ("date", "first line")}
        self.assertLessEqual({"2026-04-30T23:59:59.999Z", "2026-05-01T00:00:00.000Z"}, moments)
        self.assertLessEqual({"2024-12-31T23:59:59.999Z", "2025-01-01T00:00:00.000Z"}, moments)
        clocks = {one.at_text[11:] for one in drawn if one.kind == "hour"}
        self.assertLessEqual({"03:59:59.000Z", "03:59:59.999Z", "04:00:00.000Z", "00:00:00.000Z"}, clocks)
        sizes = {one.total_input for one in self.drawn(of=listing({"input_mtok": self.tiers})) if one.kind == "size"}
        self.assertEqual(sizes, {199_999, 200_000, 200_001})

    def test_every_context_of_the_model_and_one_that_it_has_not(self):
        contexts = [one.context for one in self.drawn()]
        self.assertIn(BATCH, contexts)
        self.assertTrue(any(one.kind == "tier" and one.tier for one in self.drawn(of=listing())))

    def test_tiers_together_with_attributes(self):
        fast = variant({"input_mtok": Decimal(5)}, speed="fast")
        of = listing(variants=[variant({"input_mtok": Decimal(1)}, processing="batch"), fast])
        contexts = Drawer(1, of, PriceSet).contexts()
        self.assertEqual(contexts, [{}, BATCH, {"speed": "fast"}, BATCH | {"speed": "fast"}])

    def test_random_usages_have_a_rate_on_both_sides(self):
        for one in self.drawn(of=listing()):
            if one.kind == "random":
                self.assertLessEqual(set(one.usage), {"input", "cached_input", "output", "reasoning"})


class Names(unittest.TestCase):
    def test_an_example_of_every_clause_is_matched_by_it(self):
        clauses = [
            types.ClauseEquals("a"), types.ClauseStartsWith("a-"), types.ClauseEndsWith("-a"),
            types.ClauseContains("b"), types.ClauseOr([types.ClauseEquals("c"), types.ClauseRegex(r"^d-\d{8}$")]),
        ]
        for clause in clauses:
            for name in names.of(clause):
                self.assertTrue(clause.is_match(name), (clause, name))

    def test_examples_of_expressions(self):
        expressions = (
            r"^claude-opus-5[-@]\d{8}$", r"^(typesafe/)?jev-1\.13(-\d{8})?$", r"^grok-4\.5\[fast=true\]$",
            r"^gemini-4-argon-\d", r"^(?:a|b).*c$",
        )
        for expression in expressions:
            self.assertRegex(names.example(expression), expression)

    def test_every_bundled_expression_has_an_example_or_is_a_condition(self):
        expressions = {regex for p in Peer().providers for m in p.models for regex in regexes(m.match)}
        self.assertGreater(len(expressions), 50)
        for expression in expressions:
            if "(?!" not in expression:
                self.assertTrue(re.search(expression, names.example(expression)), expression)

    def test_compact_dates(self):
        self.assertEqual(names.with_compact_date("gpt-5.2-2025-12-11"), "gpt-5.2-20251211")
        self.assertIsNone(names.with_compact_date("gpt-5.2"))


def regexes(clause):
    inner = getattr(clause, "or_", None) or getattr(clause, "and_", None) or ()
    return [clause.regex] if hasattr(clause, "regex") else [found for part in inner for found in regexes(part)]


class Binaries(unittest.TestCase):
    answer = '{"model":"m","channel":"c","cost":{"amount":"1.50","currency":"USD"},"rate_line":{"id":"L1"}}'

    def answers(self, script, questions):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "imported" / "genai-prices").mkdir(parents=True)
            (Path(folder) / "models").mkdir()
            binary = Path(folder) / "tokenmeter"
            binary.write_text(f"#!/bin/sh\n{script}\n")
            os.chmod(binary, stat.S_IRWXU)
            with Tokenmeter(str(binary), folder, "genai-prices") as tokenmeter:
                return list(tokenmeter.answers(questions))

    def test_answers_are_read_in_order(self):
        refusal = '{"line":2,"error":{"code":"not_sold","message":"no"}}'
        first, second = self.answers(f"cat >/dev/null; echo '{self.answer}'; echo '{refusal}'; exit 3", [{}, {}])
        self.assertEqual((first.cost, first.line, second.code), (Decimal("1.5"), "L1", "not_sold"))

    def test_a_binary_that_fails_is_not_a_comparison(self):
        scripts = (
            "cat >/dev/null; exit 1", f"cat >/dev/null; echo '{self.answer}'; exit 139", "exit 0",
            f"cat >/dev/null; echo '{self.answer}'; exit 0",
        )
        for script in scripts:
            with self.assertRaises(CannotAnswer):
                self.answers(script, [{}, {}])

    def test_only_ids_of_our_own_models_come_along(self):
        with tempfile.TemporaryDirectory() as folder:
            imported = Path(folder) / "imported" / "genai-prices"
            imported.mkdir(parents=True)
            (imported / "deepseek.json").touch()
            (Path(folder) / "models").mkdir()
            (Path(folder) / "models" / "ours.yml").write_text("vendor: ours\nmodels:\n  - id: m\n")
            text = "vendor: deepseek\nmodels:\n  - id: deepseek-v3\n"
            aliases = "    aliases:\n      - {name: deepseek-chat}\n"
            (Path(folder) / "models" / "deepseek.yml").write_text(f"# Names.\n{text}{aliases}")
            with Tokenmeter("tokenmeter", folder, "genai-prices") as tokenmeter:
                models = tokenmeter.folder / "tables" / "models"
                kept = (models / "deepseek.yml").read_text()
                ours = (models / "ours.yml").read_text()
        self.assertEqual(kept, text)
        self.assertEqual(ours, "models:\n  - id: m\n")


class LiteLLM:
    """Answers for litellm where it is not installed."""

    def __init__(self, generic=None, other=False, passed_over=False):
        self.generic, self.other, self.passed_over = generic, other, passed_over

    def generic_cost(self, _):
        return self.generic

    def takes_another_entry(self, _):
        return self.other

    def passes_over_a_key(self, _):
        return self.passed_over


class LiteLLMClasses(unittest.TestCase):
    prices = {
        "litellm_provider": "openai", "input_cost_per_token": 2e-06, "input_cost_per_token_flex": 1e-06,
        "input_cost_per_token_above_200k_tokens": 4e-06, "output_cost_per_token": 8e-06,
        "input_cost_per_audio_token": 3e-06,
    }

    def judged(self, answer, theirs="0.002", usage=None, tier=None, litellm=None, **prices):
        asked = LiteLLMDraw(Entry("gpt", self.prices | prices), usage or {"input": 1000}, tier)
        theirs = None if theirs is None else Decimal(theirs)
        return litellm_classes.judge(asked, theirs, answer, litellm or LiteLLM())

    def test_the_rounding_of_doubles_and_no_more(self):
        self.assertEqual(self.judged(priced("0.002"), "0.0020000000000000005"), litellm_classes.EQUAL)
        self.assertEqual(self.judged(priced("0.002"), "0.00200000001"), litellm_classes.UNEXPLAINED)

    def test_a_tier_that_the_entry_has_not(self):
        self.assertEqual(self.judged(refused("no_line_for_tier"), tier="priority"), litellm_classes.NO_TIER)
        self.assertEqual(self.judged(refused("no_line_for_tier"), tier="flex"), litellm_classes.UNEXPLAINED)

    def test_a_meter_without_a_rate(self):
        usage = {"input": 1000, "cache_write_5m": 5}
        self.assertEqual(self.judged(partly("0.002", "cache_write_5m"), usage=usage), litellm_classes.UNLISTED)
        self.assertEqual(self.judged(partly("0", "input"), usage=usage), litellm_classes.UNEXPLAINED)

    def test_a_meter_without_a_rate_in_the_tier(self):
        usage = {"input": 1000, "audio_input": 5}
        self.assertEqual(self.judged(priced("1"), usage=usage, tier="flex"), litellm_classes.PARTLY)
        self.assertEqual(self.judged(priced("1"), usage={"input": 1000}, tier="flex"), litellm_classes.UNEXPLAINED)
        self.assertEqual(self.judged(priced("1"), usage=usage), litellm_classes.UNEXPLAINED)

    def test_a_meter_without_a_rate_in_the_band(self):
        above, below = {"input": 200_001, "output": 1}, {"input": 200_000, "output": 1}
        self.assertEqual(self.judged(priced("1"), usage=above), litellm_classes.PARTLY)
        self.assertEqual(self.judged(priced("1"), usage=below), litellm_classes.UNEXPLAINED)

    def test_a_meter_whose_only_rate_is_in_a_band(self):
        only_above = {"cache_creation_input_token_cost_above_200k_tokens": 5e-06}
        below, above = ({"input": count, "cache_write_5m": 5} for count in (1000, 200_000))
        answer = partly("0.002", "cache_write_5m")
        self.assertEqual(self.judged(answer, usage=below, **only_above), litellm_classes.PARTLY)
        self.assertEqual(self.judged(answer, usage=above, **only_above), litellm_classes.UNEXPLAINED)

    def test_the_edge_of_a_band_at_xai_alone(self):
        edge = {"input": 200_000}
        judged = self.judged(priced("1"), usage=edge, litellm_provider="xai")
        self.assertEqual(judged, litellm_classes.INCLUSIVE)
        self.assertEqual(self.judged(priced("1"), usage=edge), litellm_classes.UNEXPLAINED)
        judged = self.judged(priced("1"), usage={"input": 200_001}, litellm_provider="xai")
        self.assertEqual(judged, litellm_classes.UNEXPLAINED)

    def test_what_litellm_does_of_its_own(self):
        self.assertEqual(self.judged(priced("1"), litellm=LiteLLM(other=True)), litellm_classes.OTHER_ENTRY)
        self.assertEqual(self.judged(priced("1"), litellm=LiteLLM(passed_over=True)), litellm_classes.PASSED_OVER)
        self.assertEqual(self.judged(priced("1"), litellm=LiteLLM(generic=Decimal(1))), litellm_classes.OWN_CODE)
        self.assertEqual(self.judged(priced("1"), litellm=LiteLLM(generic=Decimal(2))), litellm_classes.UNEXPLAINED)

    def test_what_either_does_not_price(self):
        self.assertEqual(self.judged(refused("unknown_model")), litellm_classes.NOT_IMPORTED)
        self.assertEqual(self.judged(priced("1"), theirs=None), litellm_classes.CANNOT)
        self.assertEqual(self.judged(refused("no_line_at_time")), litellm_classes.UNEXPLAINED)

    def test_draws_at_every_band_and_tier(self):
        drawn = list(draws(1, Entry("gpt", self.prices), "2026-10-01"))
        self.assertLessEqual({199_999, 200_000, 200_001}, {one.total_input for one in drawn if one.kind == "size"})
        self.assertIn("flex", {one.tier for one in drawn})
        self.assertEqual(drawn, list(draws(1, Entry("gpt", self.prices), "2026-10-01")))


if __name__ == "__main__":
    unittest.main()
