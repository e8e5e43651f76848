"""Nights of a store as components that are off: by records, alerts, happenings, and by nothing else."""

from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.alerts import evaluate_rules
from obs_dagster.alerts.incidents.incident import list_incidents
from obs_dagster.causes.model_nights import ModelNights, across
from obs_dagster.history import History, NightRecord, UpstreamEvent
from obs_dagster.metrics.record import MetricRecord
from obs_dagster.monitor import Monitor
from obs_dagster.reports.causes import Began

FIRST = dt.date(2024, 1, 1)
NIGHTS = 40
UTC = dt.UTC
DESCRIBED = {
    "model": "risk",
    "start": "2024-01-01",
    "logs": {
        "source": "parquet",
        "path": "log/{day}.parquet",
        "columns": {
            "prediction_id": "id",
            "time": "at",
            "version": "v",
            "score": "score",
            "status": "status",
        },
    },
    "labels": {
        "source": "parquet",
        "path": "l/*.parquet",
        "columns": {"prediction_id": "id", "label": "y"},
        "max_delay_days": 3,
    },
    "features": {"income": {"type": "number"}, "city": {"type": "category"}},
    "baseline": {"kind": "training", "path": "train/{version}.parquet"},
    "upstream": ["feed/loans"],
    "alerts": [
        {"name": "errors", "metric": "error_share", "above": 0.3},
        {"name": "recall_week", "metric": "recall", "window": 7, "below": 0.4, "confident": False},
    ],
}


def day(number):
    return FIRST + dt.timedelta(days=number)


def night(number, reason="", rows=900, versions=("1",)):
    return NightRecord(
        model="risk",
        day=day(number),
        evaluated=not reason,
        reason=reason,
        rows=rows,
        versions=versions,
        run_id="run",
        finished_at=dt.datetime(2024, 3, 1, tzinfo=UTC),
    )


@pytest.fixture
def store(tmp_path):
    with History.open(f"sqlite:///{tmp_path / 'history.db'}") as history:
        for number in range(NIGHTS):
            history.record_night(night(number))
        yield history


@pytest.fixture
def write(store):
    """Keeps a metric of every night, another value on some of them."""

    def write(metric, usual, *, version="1", column="", window=1, **odd):
        records = []
        for number in range(NIGHTS):
            # nights differ a little
            value = odd.get(f"on{number}", usual * (1 + 0.01 * (number % 3)))
            if value is not None:
                records.append(
                    MetricRecord(
                        "risk",
                        version,
                        "*",
                        column,
                        metric,
                        f"{metric}/1",
                        day(number),
                        window,
                        value,
                        None,
                        None,
                        900,
                        0.0,
                        "",
                        dt.datetime(2024, 3, 1, tzinfo=UTC),
                        "run",
                    )
                )
        known = [
            each
            for each in store.metrics("risk", metrics=[metric])
            if (each.column, each.window, each.version) != (column, window, version)
        ]
        store.replace_metrics(
            [*known, *records], model="risk", days=[day(number) for number in range(NIGHTS)], metrics=[metric]
        )

    return write


@pytest.fixture
def read(store):
    """The components that are off, and those that are not known, by night."""

    def read(number, **changes):
        with store.reading() as connection:
            nights = ModelNights.read(connection, Monitor.model_validate(DESCRIBED | changes)).nights
        states = nights.between(day(number), day(number))
        names = [each.name for each in nights.components]
        return (
            {name for name, state in zip(names, states, strict=True) if state == 1},
            {name for name, state in zip(names, states, strict=True) if state < 0},
            {name: list(told.get(day(number), ())) for name, told in nights.told.items()},
        )

    return read


def test_a_metric_far_from_what_is_usual_makes_its_component_off(write, read):
    write("error_share", 0.01, on30=0.2)
    off, unknown, told = read(30)
    assert off == {"service"}
    assert told["service"] == ["error share 20 %, usually 1.0 % (version 1)"]
    assert read(29)[0] == set()
    assert {"volume", "drift", "performance"} <= unknown


def test_what_is_far_in_spreads_but_little_is_no_news(write, read):
    write("error_share", 0.01, on30=0.015)
    assert read(30)[0] == set()


def test_the_first_nights_have_nothing_that_is_usual(write, read):
    write("error_share", 0.01, on1=0.2)
    off, unknown, _ = read(1)
    assert off == set()
    assert "service" in unknown


def test_features_and_what_the_model_puts_out_are_drift_and_missing_values_are_data_quality(write, read):
    write("psi", 0.02, column="income", on30=1.5)
    write("psi", 0.02, column="score", on31=0.6)
    write("missing_share", 0.0, column="city", on32=0.4)
    assert read(30)[0] == {"drift"}
    assert read(31)[2]["drift"] == ["PSI of the output 0.60, usually 0.02 (version 1)"]
    assert read(32)[0] == {"data_quality"}


def test_rows_and_columns_of_the_log(write, read):
    write("rows_read", 1_000.0, version="*", on30=300.0)
    write("schema_events", 0.0, version="*", on31=1.0)
    write("quarantined_share", 0.001, version="*", on32=0.2)
    assert [read(number)[0] for number in (30, 31, 32)] == [{"volume"}, {"schema"}, {"data_quality"}]


def test_performance_is_realised_once_labels_are_complete_and_estimated_before(write, read):
    write("recall", 0.8, on30=0.3, on38=0.1)
    assert read(30)[0] == {"performance"}
    assert "performance" in read(38)[1]
    write("estimated_recall", 0.8, on38=0.3)
    assert read(38)[0] == {"performance"}


def test_days_that_were_not_evaluated_or_had_no_rows(store, read):
    store.record_night(night(30, reason="12 % of the rows broke it"))
    store.record_night(night(31, reason="no rows", rows=0, versions=()))
    assert read(30)[0] == {"data_quality"}
    assert read(31)[0] == {"volume"}
    assert read(30)[2]["data_quality"] == ["the day was not evaluated: 12 % of the rows broke it"]


def test_upstream_assets_on_their_day_or_the_night_they_came_in(store, read):
    of_day = UpstreamEvent(
        "risk", "feed/loans", "failed", day(20), dt.datetime(2024, 1, 22, 2, tzinfo=UTC), "it failed", "r1"
    )
    in_the_morning = UpstreamEvent(
        "risk", "feed/loans", "failed", day(30), dt.datetime(2024, 1, 31, 2, tzinfo=UTC), "it failed", "r2"
    )
    store.record_upstream("risk", [of_day, in_the_morning])
    assert [read(number)[0] for number in (19, 20, 29, 30, 31)] == [
        set(),
        {"upstream"},
        {"upstream"},
        {"upstream"},
        set(),
    ]
    assert "upstream" in read(30, upstream=[])[0] | read(28, upstream=[])[1]


def test_a_new_version_is_a_release_on_its_first_night(store, read):
    for number in (30, 31):
        store.record_night(night(number, versions=("1", "2")))
    assert (read(30)[0], read(31)[0]) == ({"release"}, set())
    assert read(30)[2]["release"] == ["version 2 was first seen"]


@pytest.fixture
def evaluated(store, write):
    """A week's rule that began to be in breach on the 31st night, after errors on the 29th."""
    write("error_share", 0.01, on28=0.5)
    write("recall", 0.8, window=7, **{f"on{number}": 0.2 for number in range(30, NIGHTS)})
    monitor = Monitor.model_validate(DESCRIBED)
    now = dt.datetime(2024, 3, 1, tzinfo=UTC)
    evaluate_rules(monitor, store, as_of=day(NIGHTS - 1), now=now, run_id="run", across=across([monitor]))
    return monitor


def test_a_rule_over_a_week_counts_where_it_begins_and_its_incident_is_asked_over_the_week(
    store, evaluated, read
):
    assert [("performance" in read(number)[0]) for number in (29, 30, 31, 34)] == [False, True, False, False]
    with store.reading() as connection:
        nights = ModelNights.read(connection, evaluated)
    [incident] = [each for each in list_incidents(store) if "recall_week" in each.rules]
    answer = nights.behind(incident)
    assert (answer.first, answer.last, answer.of.name) == (day(24), day(30), "performance")
    assert [each.component.name for each in answer.candidates] == ["service"]
    # the same, of a night on which it still is in breach
    asked = nights.on(day(33))
    assert (asked.first, asked.last, asked.of.name) == (day(24), day(30), "performance")


def test_what_is_asked_about_may_be_named(store, evaluated):
    with store.reading() as connection:
        nights = ModelNights.read(connection, evaluated)
    assert nights.on(day(28)).of.name == "service"
    assert nights.on(day(28), of="drift").of is None
    assert nights.on(day(10)).of is None


def test_an_answer_that_fails_keeps_nobody_from_the_rest(store, evaluated, monkeypatch):
    [incident] = [each for each in list_incidents(store) if "recall_week" in each.rules]

    def fails(*_):
        raise ZeroDivisionError("once more")

    monkeypatch.setattr(ModelNights, "read", fails)
    with store.reading() as connection:
        assert across([evaluated])(connection, incident) == ""
        assert across([])(connection, incident) == ""
    assert Began(evaluated, store).on(day(28)) is None


def test_a_version_that_is_better_than_its_champion_is_nothing_that_is_off(store, write, read):
    write("recall_beside_champion", 0.1, version="2")
    write("recall", 0.8)
    rules = [
        {"name": "ahead", "metric": "recall", "better_than": "champion", "confident": False},
        {"name": "behind", "metric": "recall_beside_champion", "below": 0.2, "confident": False},
    ]
    monitor = Monitor.model_validate(DESCRIBED | {"champion": "1", "alerts": rules})
    now = dt.datetime(2024, 3, 1, tzinfo=UTC)
    evaluate_rules(monitor, store, as_of=day(NIGHTS - 1), now=now, run_id="run")
    assert read(20)[2]["performance"] == ["the rule behind was in breach"]
