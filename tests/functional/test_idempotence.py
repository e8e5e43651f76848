"""A night that runs twice changes nothing; labels that come late change exactly the days they are about."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from obs_dagster.metrics.registry import family
from obs_dagster.reports.mlflow.naming import metric_name
from obs_dagster.reports.mlflow.plotted import plotted_of

FIRST = dt.date(2013, 6, 29)
LAST = dt.date(2013, 7, 5)
WITHHELD = dt.date(2013, 7, 2)
TOUCHED = {WITHHELD - dt.timedelta(days=delay) for delay in (1, 2, 3)}

# The same nights for less: no SHAP, fewer windows and segments. Days settle at once, so that MLflow has shown
# numbers that the late labels prove wrong.
LIGHT = (
    ("registry:\n  name: flight_delay\n  trust: native # never run pickled code\n", ""),
    ("max_delay_days: 5", "max_delay_days: 1"),
    ("segments: [origin, carrier]", "segments: [origin]"),
    ("windows: [1, 7, 28]", "windows: [1, 7]"),
    ("window: 28", "window: 7"),
    ("start: 2013-06-10", f"start: {FIRST}"),
    ("evidently_every_days: 7", "evidently_every_days: 366"),
)


def _client(place):
    from mlflow import MlflowClient

    return MlflowClient(place.settings.mlflow_uri, registry_uri=place.settings.mlflow_uri)


def _runs(place):
    """The runs that a reader of MLflow sees."""
    client = _client(place)
    experiment = client.get_experiment_by_name("obs/flight_delay")
    return client.search_runs([experiment.experiment_id], max_results=1_000)


def _trend(place):
    """Every point of every trend run, by run, name and step."""
    client = _client(place)
    points = defaultdict(list)
    for run in _runs(place):
        if run.data.tags["obs.kind"] == "trend":
            for name in run.data.metrics:
                for point in client.get_metric_history(run.info.run_id, name):
                    points[run.data.tags["obs.version"], name, point.step].append(point.value)
    return points


def _content(place):
    return {
        "metrics": place.rows("metrics"),
        "replaced metrics": place.rows("metric_history"),
        "alerts": place.rows("alerts"),
        "outbox": place.rows("outbox"),
        "MLflow": {run.info.run_id: run.data.metrics for run in _runs(place)},
        "trends": _trend(place),
    }


def test_a_night_that_runs_twice_changes_nothing(season):
    before = _content(season.place)
    assert all(before[part] for part in ("metrics", "alerts", "outbox", "MLflow", "trends"))
    again = season.place.run(dt.date(2013, 7, 5))
    assert again.success, again.failures
    after = _content(season.place)
    for part, content in before.items():
        assert after[part] == content, part


def test_mlflow_has_one_run_per_night_and_one_value_per_metric_and_step(season):
    nights = Counter(
        (run.data.tags["obs.version"], run.data.tags.get("obs.day"))
        for run in _runs(season.place)
        if run.data.tags["obs.kind"] == "night"
    )
    assert set(nights.values()) == {1}
    days = {FIRST + dt.timedelta(days=n) for n in range(7)}
    assert {day for version, day in nights if version == "1"} == {str(day) for day in days}
    trend = _trend(season.place)
    assert trend
    assert {len(values) for values in trend.values()} == {1}


def _stripped(records):
    """Records without what tells when and by whom they were computed."""
    never = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    return {record.key: replace(record, computed_at=never, run_id="") for record in records}


def test_late_labels_re_evaluate_exactly_the_days_they_touch(season, copied):
    place = copied(*LIGHT)
    file = place.home / "demo" / "labels" / f"arrived={WITHHELD}.parquet"
    late = file.read_bytes()
    file.unlink()
    first = place.run(FIRST, LAST - dt.timedelta(days=1))
    assert first.success, first.failures
    by_day = {"windows": [1], "segments": ["*"], "metrics": list(family("performance"))}
    before = {record.key: record for record in place.metrics(**by_day)}
    families = ("quality", "books", "drift", "service")
    of_no_label = {"segments": ["*"], "metrics": [name for each in families for name in family(each)]}
    untouched = {record.key: record for record in place.metrics(**of_no_label)}
    assert untouched

    file.write_bytes(late)
    second = place.run(LAST)
    assert second.success, second.failures

    after = {record.key: record for record in place.metrics(**by_day)}
    new_day = {key for key in after if after[key].day == LAST}
    # the days' own outcomes changed where labels came, and nothing was computed again elsewhere
    changed = {after[key].day for key in before if after[key] != before[key]}
    assert changed == TOUCHED
    # when it was computed is a part of a record
    found = {record.key: record for record in place.metrics(**of_no_label) if record.day < LAST}
    assert found == untouched
    assert after.keys() == before.keys() | new_day
    for day in TOUCHED:
        (coverage,) = (
            r for r in after.values() if (r.day, r.metric, r.version) == (day, "label_coverage", "1")
        )
        assert coverage.value > before[coverage.key].value + 0.05
        assert coverage.run_id == second.run_id

    # all is as if the labels had been there from the start
    days = [FIRST + dt.timedelta(days=n) for n in range(7)]
    alike = {"windows": [1], "segments": ["*", "origin=EWR", "origin=JFK", "origin=LGA"]}
    performance = alike | {"days": days, "metrics": list(family("performance"))}
    assert _stripped(place.metrics(**performance)) == _stripped(season.place.metrics(**performance))
    week = performance | {"days": [LAST], "windows": [7]}
    assert _stripped(place.metrics(**week)) == _stripped(season.place.metrics(**week))

    # what was replaced is kept; what is expected of days that lack labels changes with every night
    replaced = {
        dt.date.fromisoformat(row["day"])
        for row in place.rows("metric_history")
        if row["window"] == 1 and not row["metric"].startswith("completed_")
    }
    assert replaced == TOUCHED

    week = place.metrics(windows=[7], segments=["*"], metrics=list(family("performance")))
    _assert_mlflow_shows(place, [record for record in week if record.value is not None])


def _assert_mlflow_shows(place, records):
    """In MLflow the current value is the only one: in the night's run, and at the trend's step."""
    nights = {
        (run.data.tags["obs.version"], run.data.tags["obs.day"]): run.data.metrics
        for run in _runs(place)
        if run.data.tags["obs.kind"] == "night"
    }
    trend, plotted = _trend(place), plotted_of(place.monitor)
    settled = [record for record in records if record.day < LAST and record in plotted]
    assert {record.day for record in settled} >= TOUCHED
    for record in settled:
        name, step = metric_name(record), (record.day - dt.date(1970, 1, 1)).days
        assert nights[record.version, str(record.day)][name] == pytest.approx(record.value, rel=1e-12)
        assert trend[record.version, name, step] == [pytest.approx(record.value, rel=1e-12)]
