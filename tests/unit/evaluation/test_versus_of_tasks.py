"""Two versions of other models than binary classifiers: held against what the raw rows say."""

import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.evaluation.champion import champion_records
from obs_dagster.evaluation.pairs_kept import count_pairs, stale_pairs
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.evaluation.versus import VersusError, metrics_to_compare, versus
from obs_dagster.evaluation.where import Period, metric_to_explain, metrics_to_explain, why
from obs_dagster.quality.day import validate_day
from obs_dagster.reports.versus import comparative, newest_versus, verdict_on, versus_section
from obs_dagster.reports.why import told_of, why_sections
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels
from obs_dagster.versus.champion import Champion

DAY = dt.date(2024, 3, 4)
DAYS = [DAY + dt.timedelta(days=number) for number in range(8)]
ALL = Period(DAYS[0], DAYS[-1])
ROWS, ITEMS = 240, 6
KINDS = np.array(["a", "b", "c"])
NOISE = {"1": 0.4, "2": 2.2, "3": 0.4}
LOGS = {"prediction_id": "id", "time": "at", "version": "model"}


def errors(rng, rows, version):
    """A number that misses the truth by more or less."""
    return {"score": rows["truth"] + rows["luck"] + rng.normal(0, NOISE[version], len(rows))}


def classes(rng, rows, version):
    """The class that is true, or one that is drawn."""
    wrong = np.abs(rows["luck"]) < NOISE[version] / 2
    return {"said": np.where(wrong, rng.choice(KINDS, len(rows)), rows["truth"])}


def orders(rng, rows, version):
    """A score for each of the items of a request, of which one is relevant."""
    return {"score": 2.0 * rows["truth"] + rows["luck"] + rng.normal(0, NOISE[version], len(rows))}


TASKS = {
    "regression": (errors, {"logs": {"columns": {**LOGS, "prediction": "score"}}}),
    "multiclass_classification": (
        classes,
        {"logs": {"columns": {**LOGS, "prediction": "said"}}, "multiclass": {"classes": KINDS.tolist()}},
    ),
    "ranking": (
        orders,
        {
            "logs": {"columns": {**LOGS, "score": "score", "request": "request", "item": "item"}},
            "ranking": {"at": [3], "without_relevant": "zero"},
        },
    ),
}


def requests(rng, world, task, day, seed):
    """Rows of a day with their truth, before a version puts anything out."""
    rows = world.rows(day, ROWS, seed=seed).assign(luck=rng.normal(0, 1, ROWS))
    if task == "ranking":
        number = np.arange(ROWS) // ITEMS
        relevant = rng.integers(0, ITEMS, ROWS // ITEMS)
        # in every tenth request there is nothing to find
        found = (np.arange(ROWS) % ITEMS == relevant[number]) & (number % 10 != 0)
        carriers = np.array(["AA", "UA", "B6"])[number % 3]
        named = {"request": [f"{day}-{seed}-{each}" for each in number], "carrier": carriers}
        return rows.assign(item=[f"i{each % ITEMS}" for each in range(ROWS)], truth=1.0 * found, **named)
    truth = rng.choice(KINDS, ROWS) if task == "multiclass_classification" else rng.normal(0, 3, ROWS)
    return rows.assign(truth=truth, said="a")


@pytest.fixture(scope="module", params=list(TASKS))
def served(request, tmp_path_factory, small_at):
    """Eight days of a task: version 2 in the shadow of version 1, less well; 3 has requests of its own."""
    task, (predicted, changes) = request.param, TASKS[request.param]
    keys = small_at(tmp_path_factory.mktemp("keys")).keys
    changed = {name: keys.get(name, {}) | value for name, value in changes.items()}
    world = small_at(
        tmp_path_factory.mktemp(task), task=task, windows=[1], champion="1", alerts="none", **changed
    )
    rng, parts = np.random.default_rng(1), []
    for version in NOISE:
        rows = requests(rng, world, task, dt.date(2024, 1, 1), 7)
        world.write(
            f"training/{version}.parquet", rows.assign(model=version, **predicted(rng, rows, version))
        )
    for day in DAYS:
        both, own = (requests(rng, world, task, day, seed) for seed in (0, 3))
        asked = {"1": both, "2": both, "3": own}
        parts += [
            frame := pd.concat(
                [rows.assign(model=name, **predicted(rng, rows, name)) for name, rows in asked.items()],
                ignore_index=True,
            )
        ]
        world.log(day, frame.drop(columns=["truth", "luck"]))
        labelled = frame.drop_duplicates("id")
        world.labels(f"{day}.parquet", labelled, day=day, late=labelled["truth"].to_numpy())
        ingest_logs(world.monitor, day, world.lake)
        ingest_labels(world.monitor, world.lake)
        validate_day(world.monitor, day, world.lake)
    prepare_baseline(world.monitor, world.lake)
    night = world.tonight
    list(profile_days(night, DAYS))
    list(reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))))
    return task, world, pd.concat(parts)


def raw(task, rows, metric):
    """A metric as scikit-learn has it."""
    if task == "regression":
        name = {"mae": "mean_absolute_error", "rmse": "root_mean_squared_error"}[metric]
        return getattr(reference, name)(rows["truth"], rows["score"])
    if task == "multiclass_classification":
        return reference.accuracy_score(rows["truth"], rows["said"])
    shape = (-1, ITEMS)
    truth, score = rows["truth"].to_numpy().reshape(shape), rows["score"].to_numpy().reshape(shape)
    place = 1 + (score > score.max(axis=1, keepdims=True, where=truth > 0, initial=-np.inf)).sum(axis=1)
    there = truth.sum(axis=1) > 0
    values = {"mrr": 1 / place, "map": (place <= 3) / place, "hit_rate": 1.0 * (place <= 3)}
    values["ndcg"] = (place <= 3) / np.log2(place + 1)
    return np.where(there, values[metric], 0.0).mean()


def test_what_a_change_is_made_of_adds_up_to_what_the_rows_say(served):
    task, world, rows = served
    days = rows["at"].dt.date
    for metric in metrics_to_compare(world.monitor):
        found = why(world.tonight, Period(DAYS[4], DAYS[-1]), Period(DAYS[0], DAYS[3]), metric)
        assert [each.version for each in found] == list(NOISE)
        for each in found:
            own = rows["model"] == each.version
            values = [raw(task, rows[own & of], metric) for of in (days < DAYS[4], days >= DAYS[4])]
            (change,) = each.changes.values()
            assert (change.before, change.after) == pytest.approx(tuple(values))
            assert sum(change.of(part) for part in each.explains.means) == pytest.approx(
                values[1] - values[0]
            )
            told = " ".join(told_of(each, metric))
            assert all(words in told for words in each.explains.means.values())
            assert "No segment" in told or "most clearly" in told
            where, parts = why_sections([each], metric)[each.version]
            assert len(parts.headings) == len(parts.rows[0]) == 3 + len(each.explains.means)
            assert where.note == told
    assert metric_to_explain(world.monitor) == metrics_to_explain(world.monitor)[0]


@pytest.fixture
def paired(served, tmp_path, small_at):
    """The same world of its own, in which nights have paired the requests of versions."""
    task, world, _ = served
    shutil.copytree(world.root, tmp_path / "paired")
    alike = small_at(tmp_path / "paired", **world.changes)
    assert stale_pairs(alike.tonight) == DAYS
    counted = dict(count_pairs(alike.tonight, stale_pairs(alike.tonight)))
    assert counted == dict.fromkeys(DAYS, ROWS // (ITEMS if task == "ranking" else 1))
    assert stale_pairs(alike.tonight) == []
    return alike


def test_nights_pair_requests_and_nobody_reads_rows_for_it_later(served, paired, monkeypatch):
    _, world, _ = served
    named = metrics_to_compare(world.monitor)
    read = versus(world.tonight, "1", "2", ALL, named, segments=False)
    monkeypatch.setattr("obs_dagster.engine.duckdb.clean_rows", None)
    for order in (("1", "2"), ("2", "1")):
        stored = versus(paired.tonight, *order, ALL, named, pair=False, segments=False)
        for one, other in zip(read, stored, strict=True):
            assert (other.way, other.rows) == ("same requests", one.rows)
            sign = 1 if order[0] == "1" else -1
            assert other.look.difference == pytest.approx(sign * one.look.difference)
            assert other.look.high - other.look.low == pytest.approx(one.look.high - one.look.low)
    # version 3 has requests of its own
    alone, *_ = versus(paired.tonight, "1", "3", ALL, named, pair=False, segments=False)
    assert alone.way != "same requests"
    told = {
        (each.version, each.metric): each
        for _, records in champion_records(paired.tonight, [DAYS[-1]], Champion("1"))
        for each in records
    }
    for one in read:
        each = told["2", f"{one.metric}_beside_champion"]
        lower = one.metric in ("mae", "rmse")
        assert each.value == pytest.approx(one.look.difference * (1 if lower else -1))
        assert "on the requests that both have scored, after 8 days" in each.reason
        assert "worse than version 1, its champion" in each.reason


def test_a_night_whose_labels_changed_is_paired_again(paired):
    rows = pd.read_parquet(paired.root / f"labels/{DAYS[2]}.parquet")
    rows["late"] = rows["late"].to_numpy()[::-1]
    rows["known_at"] += pd.Timedelta(hours=1)
    rows.to_parquet(paired.root / "labels/again.parquet")
    ingest_labels(paired.monitor, paired.lake)
    night = paired.tonight
    list(reduce_outcomes_of(night, sorted(stale_outcomes(night, night.profiles.days()))))
    assert stale_pairs(night) == [DAYS[2]]


def test_requests_that_both_scored_are_paired(served):
    task, world, rows = served
    named = metrics_to_compare(world.monitor)
    found = {each.metric: each for each in versus(world.tonight, "1", "2", ALL, named, segments=False)}
    assert list(found) == named
    for metric, each in found.items():
        assert each.way == "same requests"
        assert each.rows == len(DAYS) * ROWS / (ITEMS if task == "ranking" else 1)
        first, second = each.values  # noqa: PD011  no frame
        expected = [raw(task, rows[rows["model"] == version], metric) for version in ("1", "2")]
        assert (first, second) == pytest.approx(tuple(expected))
        assert each.look.difference == pytest.approx(expected[0] - expected[1])
        assert each.look.low <= each.look.difference <= each.look.high
        assert (each.ahead, comparative(metric)) == ("1", "better")
        assert verdict_on(each).startswith("Version 1 has the better ")
    turned = {each.metric: each for each in versus(world.tonight, "2", "1", ALL, named, segments=False)}
    assert {metric: each.ahead for metric, each in turned.items()} == dict.fromkeys(named, "1")
    assert turned[named[0]].look.difference == pytest.approx(-found[named[0]].look.difference)
    column = {row[0]: row[5] for row in versus_section(list(found.values())).rows}
    assert set(column.values()) == {"1 is better"}


def test_other_requests_are_compared_on_the_same_days_with_the_same_mix(served):
    _, world, _ = served
    named = metrics_to_compare(world.monitor)
    paired = versus(world.tonight, "1", "2", ALL, named, segments=False)
    for one, other in zip(
        paired, versus(world.tonight, "1", "2", ALL, named, pair=False, segments=False), strict=True
    ):
        # the same rows have the same mix
        assert other.way == "same days, same mix"
        assert other.look.difference == pytest.approx(one.look.difference)
        assert other.look.high - other.look.low > one.look.high - one.look.low
    for each in versus(world.tonight, "1", "3", ALL, named, segments=False):
        assert (each.way, each.ahead) == ("same days, same mix", "")
        assert verdict_on(each).startswith("Nobody can tell yet which has the better ")
    segments = versus(world.tonight, "1", "2", ALL, named[:1])[1:]
    assert {each.segment for each in segments} == {"carrier=AA", "carrier=UA", "carrier=B6"}


def test_records_say_how_much_better_than_the_champion_a_version_is(served):
    _, world, _ = served
    named = metrics_to_compare(world.monitor)
    [(_, records)] = champion_records(world.tonight, [DAYS[-1]], Champion("1"))
    found = {(each.version, each.metric): each for each in records}
    assert {metric for _, metric in found} == {f"{each}_beside_champion" for each in named}
    for each in versus(world.tonight, "2", "1", ALL, named, pair=False, segments=False):
        record, side = found["2", f"{each.metric}_beside_champion"], -1 if each.lower else 1
        ends = (each.look.low, each.look.high)[::side]
        assert record.value == pytest.approx(side * each.look.difference)
        assert (record.low, record.high) == pytest.approx((side * ends[0], side * ends[1]))
        assert record.value < 0
        known = "worse than" if record.high < 0 else "not told apart from"
        assert record.reason.startswith(f"{known} version 1, its champion: ")
    assert found["2", f"{named[0]}_beside_champion"].high < 0
    first = newest_versus(world.tonight, DAYS[-1])[0]
    assert (first.first, first.second, first.metric) == ("3", "1", named[0])


def test_what_versions_are_not_compared_by_is_said_with_what_they_are(served):
    task, world, _ = served
    other = {"regression": "bias", "ranking": "evaluated_request_share"}.get(task, "balanced_accuracy")
    legal = ", ".join(metrics_to_compare(world.monitor))
    with pytest.raises(VersusError, match=rf"not compared by {other}.*\n?.*{legal}"):
        metrics_to_compare(world.monitor, other)


def test_versions_without_labels_are_compared_by_nothing(small):
    unlabelled = small(task="unlabelled", labels=None)
    with pytest.raises(VersusError, match="nothing is counted right or wrong"):
        metrics_to_compare(unlabelled.monitor)
