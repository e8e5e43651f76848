"""What holds for every registered metric, whatever it is given."""

import json
import math
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from obs_dagster.estimate.likeness import Likeness
from obs_dagster.metrics.components.usage import REQUEST, ComponentUsage, Evaluated, RequestUsage, Sums, Usage
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift
from obs_dagster.metrics.explanation.label_importance import LabelImportance
from obs_dagster.metrics.explanation.model_check import ModelCheck
from obs_dagster.metrics.explanation.opinions import Opinions
from obs_dagster.metrics.explanation.unlike import Unlike
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.reference import reference_markdown
from obs_dagster.metrics.registry import definitions, family
from obs_dagster.metrics.service.hours import Hours
from obs_dagster.profile.distribution import CategoryCounts
from obs_dagster.spans.table import SUMS
from tests.evaluated import (
    evaluate_drift,
    evaluate_estimates,
    evaluate_explanation,
    evaluate_model,
    evaluate_performance,
    evaluate_quality,
    evaluate_service,
)

NORMAL = np.random.default_rng(0).normal(size=300)
NUMERIC = {
    "empty": np.array([]),
    "one row": np.array([3.0]),
    "all null": np.full(20, np.nan),
    "constant": np.full(50, 7.0),
    "another constant": np.full(50, 8.0),
    "NaN and infinity": np.array([np.nan, np.inf, -np.inf, 1.0, 2.0]),
    "two rows": np.array([1.0, 2.0]),
    "normal": NORMAL,
    "far away": NORMAL + 1e12,
    "tiny": NORMAL * 1e-300,
}
CATEGORY = {
    "empty": CategoryCounts(),
    "one row": CategoryCounts({"a": 1}),
    "all null": CategoryCounts({}, nulls=20),
    "counted but zero": CategoryCounts({"a": 0}, nulls=3),
    "constant": CategoryCounts({"a": 50}),
    "another constant": CategoryCounts({"b": 50}),
    "several": CategoryCounts({"a": 100, "b": 50, "(other)": 3}, nulls=7),
}
OBJECTIVES = ("availability", "latency")
OUTCOMES = {
    "empty": ([], []),
    "one row": ([0.4], [True]),
    "one class": ([0.1, 0.6, 1.0], [False] * 3),
    "constant": ([0.5] * 30, [True, False, False] * 10),
    "certain and wrong": ([0.0, 1.0], [True, False]),
    "separated": ([0.1] * 20 + [0.9] * 20, [False] * 20 + [True] * 20),
    "ordinary": (1 / (1 + np.exp(-NORMAL)), NORMAL + np.random.default_rng(1).normal(size=300) > 0),
}


def about(what):
    """The explanation metrics about something."""
    return {name for name, each in family("explanation").items() if each.definition.about == what}


def sound(estimate: Estimate):
    """Without a value there is a reason; with one, finite floats and an interval that holds it."""
    json.loads(json.dumps(asdict(estimate), allow_nan=False))
    assert type(estimate.n) is int
    assert estimate.n >= 0
    for number in (estimate.value, estimate.low, estimate.high, estimate.error):
        assert number is None or (type(number) is float and math.isfinite(number))
    if estimate.value is None:
        assert estimate.reason
        assert estimate.low is None
        assert estimate.high is None
    else:
        assert estimate.reason == ""
        assert estimate.low is None or estimate.low <= estimate.value
        assert estimate.high is None or estimate.high >= estimate.value


def check(found, name):
    assert found
    assert set(found) <= set(family(name))
    for estimate in found.values():
        sound(estimate)


@pytest.mark.parametrize("way", ["on_grid", "by_value"])
@pytest.mark.parametrize("current", sorted(NUMERIC))
@pytest.mark.parametrize("baseline", sorted(NUMERIC))
def test_drift_of_numbers(raw, way, baseline, current):
    def count(values):
        finite = NUMERIC[baseline][np.isfinite(NUMERIC[baseline])]
        # A grid as fine as the tiny baseline would need has no finite bin for what lies far away.
        exact = way == "by_value" or not finite.size or baseline == "tiny"
        return raw.by_value(values) if exact else raw.on_grid(values, finite)

    with np.errstate(all="ignore"):
        sides = count(NUMERIC[baseline]), count(NUMERIC[current])
    found = evaluate_drift(*sides, seed=0)
    check(found, "drift")
    of_categories = {"chi_square.evidently", "chi_square.nannyml", "l_infinity.nannyml", "new_value_share"}
    assert set(found) == set(family("drift")) - of_categories
    assert all(found[name].value is None for name in ("psi", "ks")) == (not sides[0].n or not sides[1].n)
    if baseline == current and sides[0].n:
        assert all(found[name].value == 0 for name in ("psi", "jensen_shannon", "ks", "l_infinity"))
        assert found["chi_square"].value in (1, None)
        assert found["missing_drift"].value == 0


@pytest.mark.parametrize("current", sorted(CATEGORY))
@pytest.mark.parametrize("baseline", sorted(CATEGORY))
def test_drift_of_categories(baseline, current):
    found = evaluate_drift(CATEGORY[baseline], CATEGORY[current], seed=0)
    check(found, "drift")
    assert not {"ks", "wasserstein"} & set(found)
    if baseline == current and CATEGORY[baseline].n:
        assert found["psi"].value == found["jensen_shannon"].value == 0


def test_a_constant_that_stays_has_not_moved(raw):
    found = evaluate_drift(raw.by_value(NUMERIC["constant"]), raw.by_value(NUMERIC["constant"]), seed=0)
    assert found["wasserstein"].value == 0


def test_a_constant_that_moved_has_no_deviation_to_be_measured_in(raw):
    found = evaluate_drift(
        raw.by_value(NUMERIC["constant"]), raw.by_value(NUMERIC["another constant"]), seed=0
    )
    assert found["wasserstein"].reason == "the baseline does not vary"
    assert found["ks"].value == 1


def test_why_there_is_no_drift_to_state(raw):
    some, none, null = raw.by_value([1.0, 2.0]), raw.by_value([]), raw.by_value([np.nan])
    reasons = [
        (None, some, "no baseline"),
        (none, some, "no baseline"),
        (some, none, "no rows"),
        (null, some, "no values in the baseline"),
        (some, null, "no values"),
        (some, CategoryCounts({"a": 1}), "type changed: the baseline is numeric, the current window is not"),
        (CategoryCounts({"a": 1}), some, "type changed: the baseline is category, the current window is not"),
    ]
    for baseline, current, reason in reasons:
        assert evaluate_drift(baseline, current, seed=0)["psi"].reason == reason


def test_missing_values_are_stated_without_values_and_without_a_baseline(raw):
    null = raw.by_value([np.nan, np.nan])
    assert evaluate_drift(None, null, seed=0)["missing_share"].value == 1
    assert evaluate_drift(raw.by_value([1.0]), null, seed=0)["missing_drift"].value == 1
    changed = evaluate_drift(raw.by_value([1.0]), CategoryCounts({"a": 1}, nulls=1), seed=0)
    assert changed["missing_drift"].value == 0.5


@pytest.mark.parametrize("kind", sorted(OUTCOMES))
def test_performance(raw, kind):
    found = evaluate_performance(raw.outcomes(*OUTCOMES[kind]), seed=0)
    check(found, "performance")
    assert set(found) == set(family("performance", "binary_classification"))


@pytest.mark.parametrize("kind", sorted(OUTCOMES))
@pytest.mark.parametrize("baseline", sorted(OUTCOMES))
def test_estimates(raw, baseline, kind):
    found = evaluate_estimates(*(raw.cell(*OUTCOMES[each]) for each in (baseline, kind)), seed=0)
    check(found, "estimate")
    assert set(found) == set(family("estimate", "binary_classification")) - {"adapted_rows"}
    if baseline != "ordinary" or kind == "ordinary":
        assert (found["estimated_accuracy"].value is None) == (baseline != "ordinary")


@pytest.mark.parametrize("rows", [Likeness(np.ones(5), 0.1), Likeness(np.zeros(0), 0.0, "no baseline")])
def test_rows_behind_estimates(rows):
    found = evaluate("estimate", rows, task="binary_classification")
    check(found, "estimate")
    assert set(found) == {"adapted_rows"}


@pytest.mark.parametrize("kind", sorted(NUMERIC))
def test_service(raw, kind):
    with np.errstate(all="ignore"):
        latency = raw.by_value(NUMERIC[kind])
    for status in (None, *CATEGORY.values()):
        found = evaluate_service(latency.rows, latency, status, ("a",))
        check(found, "service")
        # requests by the hour are the test's below
        without = {name for name in family("service") if "burn" in name or "hour" in name}
        without |= {f"{name}_{end}" for name in OBJECTIVES for end in ("reached", "budget_left")}
        assert set(found) == set(family("service")) - without


@pytest.mark.parametrize("requests", [0, 1, 29, 30, 10**6])
@pytest.mark.parametrize("bad", ["none", "all"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("took", [0.0, 12.5, 1e99])
def test_service_by_the_hour(requests, bad, known, took):
    counts = np.array([0, requests, 0, requests])
    judged = counts * known
    failed = judged * (bad == "all")
    sums = judged * took, judged * took * took
    hours = Hours(2, counts, judged, failed, judged, failed, *sums, availability=0.999, latency=0.5, window=3)
    found = evaluate_service(requests, None, None, (), hours)
    check(found, "service")
    assert set(found) == set(family("service"))
    reasons = {found[f"{name}_budget_left"].reason for name in OBJECTIVES}
    assert reasons == ({"no rows"} if not requests else {""} if known else {"no statuses", "no latencies"})
    if known and requests >= 30:
        assert found["availability_burn_1h"].value == pytest.approx(1000.0 if bad == "all" else 0.0)
        assert found["latency_slowest_hour"].value == pytest.approx(took)
    else:
        assert found["availability_burn_1h"].value is None


@pytest.mark.parametrize("kind", sorted(NUMERIC))
@pytest.mark.parametrize("requests", [0, 1, 300])
@pytest.mark.parametrize("each", [0.0, 12.5, 1e99])
def test_components(raw, kind, requests, each):
    values = np.abs(NUMERIC[kind])
    with np.errstate(all="ignore"):
        counted = raw.by_value(values) if np.isfinite(values).any() else None
    some = Sums(requests, requests * each, requests * each * each)
    sums = dict.fromkeys(SUMS, some) | {"fault_orphan": some}
    for usage in (Usage(), Usage(sums, counted, counted)):
        whole = evaluate("components", RequestUsage(usage))
        found = evaluate("components", ComponentUsage("tool", usage, usage))
        check(whole | found, "components")
        check(evaluate("components", ComponentUsage(REQUEST, usage, usage)), "components")
        assert not set(whole) & set(found)
    judged = evaluate("components", Evaluated(some))
    check(judged, "components")
    # what a component has no tokens or costs of has no records about them
    assert set(whole | found | judged) == set(family("components")) or not requests


@pytest.mark.parametrize("counts", [(0, 0, 0, 0), (1, 1, 0, 0), (10, 10, 9, 3), (10**9, 1, 1, 0)])
def test_quality(counts):
    rows, quarantined, duplicates, changes = counts
    found = evaluate_quality(rows, quarantined=quarantined, duplicates=duplicates, schema_changes=changes)
    check(found, "quality")
    assert set(found) == set(family("quality"))


@pytest.mark.parametrize("kind", sorted(set(NUMERIC) - {"empty"}))
def test_explanation(kind):
    values = np.column_stack([NUMERIC[kind], NUMERIC[kind]])
    for column, importance in enumerate(evaluate_explanation(values)):
        found = importance | evaluate("explanation", AttributionShift(values, values[:9], column))
        found |= evaluate("explanation", LabelImportance(values, column))
        check(found, "explanation")
        assert set(found) == about("column")


@pytest.mark.parametrize(
    "counts", [(0, 0, 0, 0, None), (1, 1, 0, 0, None), (9, 2, 7, 7, 0.5), (5, 0, 5, 0, 0.0)]
)
def test_explained_model(counts):
    values = np.column_stack([NORMAL, NORMAL])
    found = evaluate_model(ModelCheck(*counts))
    found |= evaluate("explanation", AttributionShift(values[: counts[0]], values[: counts[1]], None))
    for by in ("LIME", "labels"):
        found |= evaluate("explanation", Opinions(by, values[: counts[0]], values[: counts[0]]))
    found |= evaluate("explanation", Unlike(counts[0], counts[1]))
    check(found, "explanation")
    assert {*found} | about("column") == set(family("explanation"))


@pytest.mark.parametrize("by", ["LIME", "labels"])
@pytest.mark.parametrize("kind", sorted(set(NUMERIC) - {"empty"}))
def test_opinions(kind, by):
    values = np.column_stack([NUMERIC[kind], NUMERIC[kind][::-1], NUMERIC[kind]])
    check(evaluate("explanation", Opinions(by, values, values[::-1])), "explanation")


@pytest.mark.parametrize("name", sorted(definitions()))
def test_documented(name):
    definition = definitions()[name]
    assert re.fullmatch(rf"{re.escape(name)}(/[a-z0-9][a-z0-9.-]*)?/[1-9]\d*", definition.id)
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,50}(\.[a-z]{1,12})?", name)
    assert definition.meaning.endswith(".")
    assert all((definition.title, definition.formula, definition.reference, definition.interval))
    assert f"### `{name}`" in reference_markdown()


def test_definition_ids_are_unique():
    ids = [definition.id for definition in definitions().values()]
    assert len(ids) == len(set(ids))


def test_parts_that_are_merged_give_the_whole(raw):
    values = np.concatenate([NORMAL, NORMAL[:50] + 1])
    whole = raw.on_grid(values, NORMAL)
    parts = [raw.on_grid(part, NORMAL) for part in (values[:120], values[120:])]
    points = np.union1d(parts[0].points, parts[1].points)
    counts, widths = np.zeros(len(points), dtype=np.int64), np.zeros(len(points))
    for part in parts:
        place = np.searchsorted(points, part.points)
        counts[place] += part.counts
        widths[place] = part.widths
    merged = replace(
        whole,
        points=points,
        widths=widths,
        counts=counts,
        total=parts[0].total + parts[1].total,
        total_sq=parts[0].total_sq + parts[1].total_sq,
    )
    baseline = raw.on_grid(NORMAL, NORMAL)
    first, second = evaluate_drift(baseline, whole, seed=1), evaluate_drift(baseline, merged, seed=1)
    assert {name: estimate.value for name, estimate in first.items()} == pytest.approx(
        {name: estimate.value for name, estimate in second.items()}
    )
