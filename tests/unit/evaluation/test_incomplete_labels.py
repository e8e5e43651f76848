"""Nights whose labels come late, and not at random: what their quality will be once all are in."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from obs_dagster.baselines.prepare import prepare_baseline
from obs_dagster.estimate.completed_classes import COMPLETED, OF_SCORES
from obs_dagster.evaluation.label_ages import age_labels, days_to_age
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.evaluation.profiling import profile_days, reduce_outcomes_of, stale_outcomes
from obs_dagster.quality.day import validate_day
from obs_dagster.sources.ingest import ingest_logs
from obs_dagster.sources.labels import ingest_labels

ONE = dt.timedelta(days=1)
WAIT, DAYS, ROWS = 3, 18, 400


def late_by(rng, score, late):
    """On which day after its own a label comes: of the positive class later, and of low scores; 0: never."""
    waits = np.where(late, 1 + (rng.random(len(late)) < 0.9 - 0.4 * score) * rng.integers(1, 3, len(late)), 1)
    return np.where(rng.random(len(late)) < 0.1, 0, waits)


@pytest.fixture
def nights(day):
    """A season whose labels came as they were known, and how its last night is evaluated once more have.

    `served` gives the rows of a day and, by a generator, their labels and how likely each comes late.
    """

    def nights(world, served, days=DAYS, **columns):
        labels = world.monitor.labels.model_dump(exclude_none=True)
        labels["columns"] |= columns
        world.changes["labels"] = labels | {"max_delay_days": WAIT}
        rng = np.random.default_rng(3)
        truths, calendar = [], [day + number * ONE for number in range(days)]
        prepare_baseline(world.monitor, world.lake)
        for each in calendar:
            rows, label, score, late = served(each, rng)
            waits = late_by(rng, score, late)
            world.log(each, rows)
            ingest_logs(world.monitor, each, world.lake)
            validate_day(world.monitor, each, world.lake)
            known = [pd.Timestamp(each + int(wait) * ONE, tz="UTC") for wait in waits]
            truths.append(pd.DataFrame({"id": rows["id"], "late": label, "known_at": known})[waits > 0])
        truth = pd.concat(truths)
        list(profile_days(world.tonight, calendar))

        def night(when, of=calendar[-1]):
            arrived = truth[truth["known_at"] <= pd.Timestamp(when, tz="UTC")]
            world.write(f"labels/{when}.parquet", arrived)
            ingest_labels(world.monitor, world.lake)
            tonight = world.tonight
            list(reduce_outcomes_of(tonight, sorted(stale_outcomes(tonight, calendar))))
            list(age_labels(tonight, days_to_age(tonight)))
            assert days_to_age(tonight) == []
            return {(each.metric, each.window): each for each in performance_records(tonight, of)}

        return calendar[-1], night

    return nights


@pytest.fixture
def of_two(small, nights):
    """Nights of a binary classifier."""

    def of_two(days=DAYS, **columns):
        world = small(windows=[1, 7], segments=[])
        world.train("1")

        def served(each, rng):
            rows = world.rows(each, ROWS)
            late = rng.random(ROWS) < rows["score"] * 0.8
            return rows, late, rows["score"].to_numpy(), late

        return nights(world, served, days, **columns)

    return of_two


CLASSES = ("a", "b", "c")


@pytest.fixture
def of_three(small, nights):
    """Nights of a classifier of three classes, whose mistakes become known late."""

    def with_scores(rows, rng):
        logits = rng.normal(size=(len(rows), len(CLASSES)))
        chance = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        label = (rng.random((len(rows), 1)) > np.cumsum(chance, axis=1)).sum(axis=1)
        scored = rows.assign(**{f"p_{name}": chance[:, place] for place, name in enumerate(CLASSES)})
        return scored, label

    def of_three(days=DAYS):
        logs = {"source": "parquet", "path": "logs/{day}.*"}
        columns = {"prediction_id": "id", "time": "at", "version": "model"}
        columns["scores"] = {name: f"p_{name}" for name in CLASSES}
        world = small(
            windows=[1, 7],
            segments=[],
            task="multiclass_classification",
            logs=logs | {"columns": columns},
            multiclass={"classes": list(CLASSES)},
        )
        training = with_scores(world.rows(dt.date(2024, 1, 1), 600, seed=7), np.random.default_rng(4))
        world.write("training/1.parquet", training[0])

        def served(each, rng):
            rows, label = with_scores(world.rows(each, ROWS), rng)
            wrong = label != rows[[f"p_{name}" for name in CLASSES]].to_numpy().argmax(axis=1)
            return rows, np.array(CLASSES)[label], np.zeros(ROWS), wrong

        return nights(world, served, days)

    return of_three


def test_late_labels_are_expected_to_be_like_those_that_came_late(of_two):
    last, night = of_two()
    early, final = night(last), night(last + (WAIT + 1) * ONE)
    for metric in ("recall", "precision", "accuracy", "positive_share", "roc_auc"):
        now, then = early[f"completed_{metric}", 7], final[metric, 7]
        assert now.low <= then.value <= now.high, metric
        assert abs(now.value - then.value) < 0.05, metric
        assert now.high - now.low < 0.2, metric
    # what is in by now says something else
    measured = early["positive_share", 7]
    assert measured.high < final["positive_share", 7].value
    # of the last day no label can be in
    assert early["recall", 1].value is None
    assert early["completed_recall", 1].low < final["recall", 1].value < early["completed_recall", 1].high
    assert ("completed_recall", 1) not in night(last, of=last - WAIT * ONE)


def test_late_labels_of_several_classes_are(of_three):
    last, night = of_three()
    early, final = night(last), night(last + (WAIT + 1) * ONE)
    off, before = [], []
    for name in COMPLETED:
        now, then = early[f"completed_{name}", 7], final[name, 7]
        off.append(abs(now.value - then.value))
        before.append(abs(early[name, 7].value - then.value))
        # by its own score alone a class that was not predicted is not told as well as it might be
        assert name in OF_SCORES or now.low <= then.value <= now.high, name
        assert now.high - now.low < 0.2, name
    assert np.mean(off) < 0.25 * np.mean(before)
    assert np.max(off) < 0.02
    # of the last day no label can be in
    assert early["accuracy", 1].value is None
    assert early["completed_accuracy", 1].low < final["accuracy", 1].value
    assert final["accuracy", 1].value < early["completed_accuracy", 1].high
    assert ("completed_accuracy", 1) not in night(last, of=last - WAIT * ONE)


def test_without_a_history_the_bounds_are_told(of_two):
    last, night = of_two(days=8)
    found, final = night(last)["completed_recall", 7], night(last + (WAIT + 1) * ONE)["recall", 7]
    assert found.value is None
    assert found.reason.startswith("labels are complete on 5 days, where 10 are needed")
    _, low, _, high, *_ = found.reason.split("between")[1].replace(",", "").split(" ")
    assert float(low) <= final.value <= float(high)


def test_labels_that_do_not_say_when_they_became_known_complete_nothing(of_two):
    last, night = of_two(days=2, known_at=None)
    assert ("completed_recall", 1) not in night(last)
