"""Requests that an alert leads to are the worst of their day, by their traces."""

import pytest

from obs_dagster.evaluation.examples import examples_of, kind_shown_by
from obs_dagster.metrics.registry import definitions

ROLES = {
    "prediction_id": "id",
    "time": "at",
    "version": "model",
    "score": "score",
    "latency_ms": "took",
    "status": "status",
    "trace_id": "trace",
}


@pytest.fixture
def world(small, day):
    world = small(
        logs={"source": "parquet", "path": "logs/{day}.*", "columns": ROLES},
        quality={"max_quarantined_share": 0.5},
    )
    rows = world.rows(day, 40)
    rows["took"] = [float(number) for number in range(40)]
    rows["status"] = "200"
    rows["trace"] = [f"{number:032x}" for number in range(40)]
    rows.loc[[3, 4], "status"] = ["503", None]
    rows.loc[[5, 6], "score"] = [0.999, 0.001]
    rows.loc[7, "score"] = 7.0
    # the slowest has no trace
    rows.loc[39, "trace"] = None
    world.log(day, rows)
    world.train("1")
    world.labels("a.parquet", rows, day=day, late=[number == 6 for number in range(40)])
    world.night(day)
    return world


def test_the_worst_of_each_kind_have_a_trace_and_say_what_was_wrong(world, day):
    found = examples_of(world.monitor, day, world.lake, most=2)
    shown = {}
    for each in found:
        assert each.version == "1"
        assert each.trace_id == f"{int(each.prediction_id.rsplit('-')[-1]):032x}"
        shown.setdefault(each.kind, []).append((int(each.trace_id, 16), each.told))
    assert sorted(shown["failed"]) == [(3, "503"), (4, "no status")]
    assert shown["slowest"] == [(38, "38 ms"), (37, "37 ms")]
    assert shown["quarantined"] == [(7, "score is not between 0 and 1")]
    worst = dict(shown["most wrong"])
    assert worst[7] == "score 7, label false"
    assert worst.keys() & {5, 6}
    assert [each.kind for each in examples_of(world.monitor, day, world.lake, kind="slowest")] == [
        "slowest"
    ] * 3


def test_examples_are_of_the_segment_that_is_asked_about(world, day):
    rows = world.rows(day, 40)
    for carrier in ("AA", "UA"):
        found = examples_of(world.monitor, day, world.lake, segment=f"carrier={carrier}", kind="slowest")
        assert found
        assert {rows["carrier"][int(each.trace_id, 16)] for each in found} == {carrier}
    assert not examples_of(world.monitor, day, world.lake, segment="carrier=(other)", kind="slowest")
    assert not examples_of(world.monitor, day, world.lake, segment="carrier=(null)", kind="slowest")


def test_a_class_that_came_true_with_hardly_a_score_is_most_wrong(small, day):
    world = small(
        task="multiclass_classification",
        logs={
            "source": "parquet",
            "path": "logs/{day}.*",
            "columns": {
                **{name: ROLES[name] for name in ("prediction_id", "time", "version", "trace_id")},
                "scores": {"late": "p_late", "early": "p_early", "on time": "p_on"},
            },
        },
    )
    rows = world.rows(day, 40).drop(columns="score")
    rows["p_late"], rows["p_early"], rows["p_on"] = 0.5, 0.3, 0.2
    rows.loc[5, ["p_late", "p_early", "p_on"]] = [0.97, 0.02, 0.01]
    rows["trace"] = [f"{number:032x}" for number in range(40)]
    world.log(day, rows)
    world.write("training/1.parquet", rows)
    world.labels("a.parquet", rows, day=day, late=["on time" if n in {5, 8} else "late" for n in range(40)])
    world.night(day)
    found = examples_of(world.monitor, day, world.lake, most=2)
    assert [(int(each.trace_id, 16), each.told) for each in found] == [
        (5, "predicted late, label on time of score 0.01"),
        (8, "predicted late, label on time of score 0.2"),
    ]


@pytest.mark.parametrize("served", [False, True])
def test_a_relevant_item_far_down_is_most_wrong(small, day, served):
    columns = {
        **{name: ROLES[name] for name in ("prediction_id", "time", "version", "trace_id")},
        "request": "asked",
        "item": "carrier",
        **({"rank": "place"} if served else {"score": "score"}),
    }
    world = small(
        task="ranking",
        logs={"source": "parquet", "path": "logs/{day}.*", "columns": columns},
        features={"temp": {"type": "number"}},
        segments=[],
    )
    rows = world.rows(day, 40)
    rows["asked"] = [f"r{number // 10}" for number in range(40)]
    rows["score"] = [10.0 - number % 10 for number in range(40)]
    rows["place"] = [1 + number % 10 for number in range(40)]
    rows["trace"] = [f"{number:032x}" for number in range(40)]
    world.log(day, rows)
    world.write("training/1.parquet", rows)
    world.labels("a.parquet", rows, day=day, late=[float(n in {0, 17, 28}) for n in range(40)])
    world.night(day)
    found = examples_of(world.monitor, day, world.lake)
    assert [(int(each.trace_id, 16), each.told) for each in found] == [
        (28, "relevant, at place 9"),
        (17, "relevant, at place 8"),
    ]


def test_a_metric_says_which_requests_show_it():
    shown = {name: kind_shown_by(each) for name, each in definitions().items()}
    assert shown["error_share"] == shown["availability_burn_1h"] == "failed"
    assert shown["latency_p95"] == shown["latency_slowest_hour"] == "slowest"
    assert (shown["quarantined_share"], shown["recall"], shown["psi"]) == ("quarantined", "most wrong", "")


def test_a_log_without_traces_has_no_examples(small, day):
    world = small()
    world.log(day)
    world.train("1")
    world.night(day)
    assert examples_of(world.monitor, day, world.lake) == []
    traced = small(logs=world.monitor.logs.model_dump() | {"columns": ROLES})
    assert examples_of(traced.monitor, day, traced.lake) == []
