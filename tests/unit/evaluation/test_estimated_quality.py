"""Quality before labels, night by night, and its shift once labels come."""

import datetime as dt

import numpy as np
import pytest


def truth(rows, *, level=0.0):
    """Labels by the score, which is the chance of one; another level is another concept."""
    return np.random.default_rng(2).random(len(rows)) < np.clip(rows["score"] + level, 0, 1)


@pytest.fixture
def trained(small):
    def trained(**changes):
        world = small(**changes)
        rows = world.rows(dt.date(2024, 1, 1), 3_000, version="1", seed=7)
        world.write("training/1.parquet", rows.assign(late=np.where(truth(rows), "yes", "no")))
        return world

    return trained


def found(records, metric, window=1):
    return {each.segment: each for each in records if (each.metric, each.window) == (metric, window)}


def test_a_night_without_labels_says_how_right_it_probably_is_and_labels_say_how_far_that_was(trained, day):
    rule = {"name": "lost", "metric": "estimated_recall", "below": "75 % of baseline"}
    world = trained(alerts=[rule])
    rows = world.rows(day, 1_000)
    world.log(day, rows)
    before = world.night(day)
    guessed = found(before, "estimated_recall")
    assert set(guessed) == {"*", "carrier=AA", "carrier=B6", "carrier=UA"}
    exact = rows["score"][rows["score"] >= 0.5].sum() / rows["score"].sum()
    assert guessed["*"].value == pytest.approx(exact, abs=0.02)
    assert guessed["*"].low < exact < guessed["*"].high
    assert found(before, "estimated_recall", window=0)["*"].value == pytest.approx(0.75, abs=0.02)
    assert found(before, "recall")["*"].reason == found(before, "recall_shift")["*"].reason == "no labels"

    world.labels("same.parquet", rows[:500], day=day, late=truth(rows[:500]))
    half = world.night(day)
    assert found(half, "estimated_recall")["*"].value == pytest.approx(guessed["*"].value)
    assert found(half, "recall_shift")["*"].low < 0 < found(half, "recall_shift")["*"].high
    assert found(half, "concept_shift")["*"].low == 0
    assert set(found(half, "concept_shift")) == {"*"}

    world.labels("other.parquet", rows, day=day + dt.timedelta(days=1), late=truth(rows, level=0.3))
    moved = world.night(day)
    measured, shift = found(moved, "positive_share"), found(moved, "positive_share_shift")
    assert measured["*"].value == pytest.approx(
        found(moved, "estimated_positive_share")["*"].value + shift["*"].value
    )
    assert shift["*"].low > 0.1
    assert found(moved, "concept_shift")["*"].low > 0.1


def test_days_of_a_baseline_teach_once_their_labels_are_complete(small, day):
    world = small(baseline={"kind": "rolling", "days": 7, "min_days": 1}, windows=[1])
    world.changes["labels"] = world.monitor.labels.model_dump(exclude_none=True) | {"max_delay_days": 2}
    days = [day + dt.timedelta(days=each) for each in range(4)]
    for each in days:
        rows = world.rows(each, 500)
        world.log(each, rows)
        world.labels(f"{each}.parquet", rows, day=each, late=truth(rows))
    records = [world.night(each) for each in days]
    # the second night has a labelled day before it, whose labels may still change
    assert [found(each, "estimated_f1")["*"].reason for each in records[:2]] == [
        "no labels on the baseline"
    ] * 2
    assert set(found(records[1], "estimated_f1")) == {"*"}
    assert found(records[3], "estimated_f1")["*"].value is not None


def test_without_labels_in_the_monitor_nothing_is_estimated(small, day):
    world = small(labels=None)
    world.train("1")
    world.log(day)
    assert not found(world.night(day), "estimated_recall")


ASKED = [{"name": "found", "metric": "adapted_recall", "below": "75 % of baseline"}]


def hidden(rows, seed, *, shift=0.0):
    """Rows whose label depends on the score, and on a temperature that the model does not know."""
    draw = np.random.default_rng(seed)
    temp = 15 + 8 * draw.normal(shift, 1, len(rows))
    logit = np.log(rows["score"] / (1 - rows["score"])) + (temp - 15) / 8
    return rows.assign(temp=temp), draw.random(len(rows)) < 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize("kind", ["training", "rolling"])
def test_rows_like_those_of_now_say_what_scores_mean_where_features_moved(small, day, kind):
    days = [day + dt.timedelta(days=each) for each in range(4)]
    rolling = {"kind": "rolling", "days": 3, "min_days": 1}
    world = small(alerts=ASKED, windows=[1], **({"baseline": rolling} if kind == "rolling" else {}))
    world.changes["labels"] = world.monitor.labels.model_dump(exclude_none=True) | {"max_delay_days": 1}
    drawn = [hidden(world.rows(each, 1_500), each.day, shift=0.7 * (each == days[-1])) for each in days]
    if kind == "training":
        rows, late = hidden(world.rows(day, 4_000, version="1", seed=7), 7)
        world.write("training/1.parquet", rows.assign(late=np.where(late, "yes", "no")))
    for each, (rows, late) in zip(days, drawn, strict=True):
        world.log(each, rows)
        if kind == "rolling" and each != days[-1]:
            world.labels(f"{each}.parquet", rows, day=each, late=late)
    for each in days[:-1] if kind == "rolling" else ():
        world.night(each)
    records = world.night(days[-1])
    exact = drawn[-1][1].mean()
    plain, adapted = (found(records, f"{way}_positive_share")["*"] for way in ("estimated", "adapted"))
    assert adapted.low < exact < adapted.high
    assert plain.value < exact - 0.05 < adapted.value
    assert set(found(records, "adapted_recall")) == {"*"}
    # adapted to itself a baseline is what it is
    assert found(records, "adapted_recall", window=0)["*"].value == pytest.approx(0.75, abs=0.1)
    worth = found(records, "adapted_rows")["*"]
    assert 300 < worth.value < worth.n


def test_what_is_somewhere_else_is_not_adapted_to(trained, day):
    world = trained(alerts=ASKED, windows=[1])
    rows = world.rows(day, 1_000)
    world.log(day, rows.assign(temp=rows["temp"] + 200))
    records = world.night(day)
    assert found(records, "adapted_recall")["*"].reason.startswith("features overlap too little: ")
    assert found(records, "adapted_rows")["*"].reason.startswith("features overlap too little: ")
    assert found(records, "estimated_recall")["*"].value is not None
    world.changes["alerts"] = "none"
    assert not found(world.night(day), "adapted_recall")
