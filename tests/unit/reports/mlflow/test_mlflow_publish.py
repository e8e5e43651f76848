import datetime as dt
import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from obs_dagster.reports.mlflow.version_report import Later
from obs_dagster.verdict.evidence import Evidence
from obs_dagster.verdict.verdict import Verdict

SEASON = runpy.run_path(str(Path(__file__).parents[2] / "season.py"))
LAST = SEASON["LAST"]
BEFORE = LAST - dt.timedelta(days=1)


def test_a_night_is_one_step_of_the_trend_and_a_run_below_it(report, read, make_night):
    report.publish([make_night(0), make_night(0, "2", recall=0.5)])
    seen = read()
    assert seen.points() == {
        ("performance/7d/recall", LAST): [0.4],
        ("variable_drift/7d/psi/temp", LAST): [0.3],
        ("service/1d/volume", LAST): [900.0],
    }
    assert seen.points("2")["performance/7d/recall", LAST] == [0.5]
    assert seen.nights() == {
        LAST: {
            "performance/7d/recall": 0.4,
            "variable_drift/7d/psi/temp": 0.3,
            "service/1d/volume": 900.0,
        }
    }
    (night,) = seen.of("night")
    assert night.info.run_name == "2013-07-21 · sound · version 1"
    assert seen.trend.info.run_name == "version 1 · sound · trend"
    assert night.data.params == {"monitor": "3f1c"}
    assert seen.trend.data.tags["obs.status"] == "sound"
    assert f"/runs/{night.info.run_id}" in seen.trend.data.tags["mlflow.note.content"]
    assert night.info.status == seen.trend.info.status == "FINISHED"


def test_the_trend_links_to_charts_of_the_headline_metrics_over_dates(report, read, client, make_night):
    for _ in range(2):
        report.publish([make_night(0)])
    experiment = client.get_experiment_by_name("obs/flight_delay")
    view = json.loads(experiment.tags["mlflow.sharedViewState.obs-trends"])
    assert view["globalLineChartConfig"]["xAxisKey"] == "time"
    drawn = [name for name in read().trend.data.metrics if re.search(view["chartsSearchFilter"], name)]
    assert drawn == ["performance/7d/recall", "variable_drift/7d/psi/temp"]
    story = read().trend.data.tags["mlflow.note.content"]
    runs = f"#/experiments/{experiment.experiment_id}/runs?workflowType=machine_learning"
    assert f"{runs}&compareRunsMode=CHART" in story
    assert "viewStateShareKey=obs-trends" in story
    assert "Time (wall)" in story


def test_publishing_twice_changes_nothing(report, read, make_night):
    nights = [make_night(1), make_night(0)]
    first = report.publish(nights)
    seen = read().everything()
    assert report.publish(nights) == first
    assert read().everything() == seen
    assert read().points()["performance/7d/recall", LAST] == [0.4]


def test_what_depends_on_labels_follows_when_they_are_settled(report, read, make_night):
    report.publish([make_night(1, settled=False), make_night(0, settled=False)])
    ids = set(read().everything())
    assert ("performance/7d/recall", BEFORE) not in read().points()
    assert set(read().nights()[BEFORE]) == {"variable_drift/7d/psi/temp", "service/1d/volume"}
    report.publish([make_night(1, recall=0.35)])
    assert set(read().everything()) == ids
    assert read().points()["performance/7d/recall", BEFORE] == [0.35]
    assert ("performance/7d/recall", LAST) not in read().points()
    assert read().nights()[BEFORE]["performance/7d/recall"] == 0.35


def test_a_corrected_value_replaces_the_old_one(report, read, client, make_night):
    report.publish([make_night(1), make_night(0)])
    old = read().trend.info.run_id
    report.publish([make_night(1, recall=0.2)])
    seen = read()
    assert seen.points()["performance/7d/recall", BEFORE] == [0.2]
    assert seen.points()["performance/7d/recall", LAST] == [0.4]
    assert seen.nights()[BEFORE]["performance/7d/recall"] == 0.2
    assert seen.nights()[LAST]["performance/7d/recall"] == 0.4
    assert client.get_run(old).info.lifecycle_stage == "deleted"
    for night in seen.of("night"):
        assert old not in night.data.tags["mlflow.note.content"]


def test_a_failing_version_is_seen_in_the_list_of_runs_until_it_does_not_fail(report, read, make_night):
    failing = Verdict("1", "failing", ("recall fell",), ())
    report.publish([make_night(0, verdict=failing)])
    ids = set(read().everything())
    seen = [(run.info.run_name, run.info.status) for run in read().runs]
    assert seen == [
        ("version 1 · failing · trend", "FAILED"),
        ("2013-07-21 · failing · version 1", "FAILED"),
    ]
    assert {run.data.tags["mlflow.note.content"][:26] for run in read().runs} == {
        "**Failing**: recall fell.\n"
    }
    report.publish([make_night(0)])
    assert [(run.info.run_name, run.info.status) for run in read().runs] == [
        ("version 1 · sound · trend", "FINISHED"),
        ("2013-07-21 · sound · version 1", "FINISHED"),
    ]
    assert set(read().everything()) == ids


def test_people_see_no_tags_but_theirs(report, read, make_night):
    report.publish([make_night(0, tags={"mlflow.obs.run_id": "f3"})])
    for run in read().runs:
        shown = {name for name in run.data.tags if not name.startswith("mlflow.")}
        assert shown == {"obs.kind", "obs.version", "obs.day", "obs.status"}


def test_runs_of_an_earlier_layout_are_kept_under_another_name(report, read, client, make_night):
    (before,) = report.publish([make_night(0)])
    client.delete_experiment_tag(before.experiment, "mlflow.obs.layout")
    client.set_tag(before.trend, "obs.key", "ab")
    (after,) = report.publish([make_night(0)])
    assert after.experiment != before.experiment
    assert client.get_experiment(before.experiment).name.startswith("obs/flight_delay (as it was before")
    assert len(read().nights()) == 1


@pytest.mark.parametrize("recall", [0.4, 0.2])
def test_the_trend_tells_of_the_latest_night_whatever_is_published_last(report, read, make_night, recall):
    failing = Verdict("1", "failing", ("recall fell",), ())
    report.publish([make_night(1), make_night(0, verdict=failing)])
    report.publish([make_night(1, recall=recall)])
    tags = read().trend.data.tags
    assert (tags["obs.day"], tags["obs.status"]) == (LAST.isoformat(), "failing")
    assert (read().trend.info.run_name, read().trend.info.status) == ("version 1 · failing · trend", "FAILED")
    assert "recall fell" in tags["mlflow.note.content"]


def test_a_value_that_is_none_any_longer_disappears(report, read, make_night):
    report.publish([make_night(0)])
    report.publish([make_night(0, temp=None)])
    assert ("variable_drift/7d/psi/temp", LAST) not in read().points()
    assert "variable_drift/7d/psi/temp" not in read().nights()[LAST]


def test_numbers_that_are_none_or_not_finite_are_never_logged(report, read, make_night):
    report.publish([make_night(0, recall=float("inf"), temp=float("nan"))])
    assert set(read().points()) == {("service/1d/volume", LAST)}


def test_a_deleted_trend_is_made_anew_from_the_nights(report, read, client, make_night):
    report.publish([make_night(2), make_night(1)])
    client.delete_run(read().trend.info.run_id)
    report.publish([make_night(0)])
    assert [len(values) for values in read().points().values()] == [1] * 9
    assert len(read().nights()) == 3


def test_a_deleted_night_comes_back_with_its_new_value_alone(report, read, client, make_night):
    report.publish([make_night(1), make_night(0)])
    (night,) = [run for run in read().of("night") if run.data.tags["obs.day"] == BEFORE.isoformat()]
    client.delete_run(night.info.run_id)
    report.publish([make_night(1, recall=0.2)])
    assert read().points()["performance/7d/recall", BEFORE] == [0.2]
    assert len(read().nights()) == 2


def test_changed_params_replace_the_run_and_keep_the_trend(report, read, make_night):
    report.publish([make_night(0)])
    trend = read().trend.info.run_id
    report.publish([make_night(0, params={"monitor": "77aa"})])
    assert read().trend.info.run_id == trend
    (night,) = read().of("night")
    assert night.data.params == {"monitor": "77aa"}
    assert read().points()["performance/7d/recall", LAST] == [0.4]


def listed(client, run, path=None):
    found = []
    for item in client.list_artifacts(run, path):
        found += listed(client, run, item.path) if item.is_dir else [item.path]
    return sorted(found)


def content(client, run, path, folder):
    return Path(client.download_artifacts(run, path, str(folder))).read_bytes()


def test_the_table_of_records_has_their_errors(report, read, make_night):
    night = make_night(0)
    records = [replace(each, error=0.012) if each.metric == "psi" else each for each in night.records]
    report.publish([replace(night, records=records)])
    (published,) = read().of("night")
    folder = Path(published.info.artifact_uri.removeprefix("file://"))
    table = json.loads((folder / "metrics.json").read_text("utf-8"))
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert {row["metric"]: row["error"] for row in rows} == {
        "recall": 0.0,
        "precision": 0.0,
        "psi": 0.012,
        "volume": 0.0,
    }
    # what is no metric of the run is in the tables
    assert [row["segment"] for row in rows if row["metric"] == "recall"] == ["*", "origin=JFK"]
    assert pq.read_table(folder / "metrics.parquet").to_pylist() == rows


def test_artifacts_are_written_and_overwritten_when_they_differ(report, read, client, make_night, tmp_path):
    drawing = tmp_path / "plot.png"
    drawing.write_bytes(b"png")
    report.publish([make_night(0, artifacts={"health.html": "<p>well</p>", "shap/plot.png": drawing})])
    (night,) = read().of("night")
    run = night.info.run_id
    assert listed(client, run) == ["health.html", "metrics.json", "metrics.parquet", "shap/plot.png"]
    written = Path(night.info.artifact_uri.removeprefix("file://"), "shap/plot.png").stat().st_mtime_ns
    report.publish([make_night(0, artifacts={"health.html": "<p>ill</p>", "shap/plot.png": drawing})])
    (after,) = read().of("night")
    assert after.info.run_id == run
    assert content(client, run, "health.html", tmp_path) == b"<p>ill</p>"
    assert (
        Path(night.info.artifact_uri.removeprefix("file://"), "shap/plot.png").stat().st_mtime_ns == written
    )


def test_a_replaced_run_keeps_artifacts_that_are_not_given(report, read, client, make_night, tmp_path):
    report.publish([make_night(0)])
    report.publish([make_night(0, recall=0.1, artifacts=None)])
    (night,) = read().of("night")
    assert listed(client, night.info.run_id) == [
        "health.html",
        "metrics.json",
        "metrics.parquet",
        "shap/values.bin",
    ]
    assert content(client, night.info.run_id, "shap/values.bin", tmp_path) == b"\x00\x01"


def test_an_artifact_that_is_no_more_disappears(report, read, client, make_night):
    report.publish([make_night(0)])
    report.publish([make_night(0, artifacts={"health.html": "<p>well</p>"})])
    (night,) = read().of("night")
    assert listed(client, night.info.run_id) == ["health.html", "metrics.json", "metrics.parquet"]


def test_what_is_kept_survives_until_it_is_made_anew(report, read, client, make_night, tmp_path):
    page = {"health.html": "<p>well</p>"}
    report.publish([make_night(0, artifacts=page, later=lambda: Later({"evidently/drift.html": "first"}))])
    # labels came late: other numbers, and nobody makes the pages
    report.publish([make_night(0, recall=0.1, artifacts=page, kept="evidently/")])
    (night,) = read().of("night")
    assert [*listed(client, night.info.run_id)][:2] == ["evidently/drift.html", "health.html"]
    assert content(client, night.info.run_id, "evidently/drift.html", tmp_path) == b"first"
    report.publish(
        [make_night(0, recall=0.1, artifacts=page, later=lambda: Later({"evidently/drift.html": "next"}))]
    )
    assert content(client, night.info.run_id, "evidently/drift.html", tmp_path) == b"next"
    report.publish([make_night(0, recall=0.1, artifacts=page, later=Later)])
    (night,) = read().of("night")
    assert listed(client, night.info.run_id) == ["health.html", "metrics.json", "metrics.parquet"]


def test_versions_may_have_any_name(report, read, make_night):
    name = '1\' OR "x" <b>'
    report.publish([make_night(0, name)])
    report.publish([make_night(0, name), make_night(1, name)])
    assert len(read().nights(name)) == 2
    assert "<b>" not in read().of("trend", name)[0].data.tags["mlflow.note.content"]


def test_more_metrics_than_a_batch(report, read, make_night):
    records = [SEASON["record"]("psi", "1", LAST, index / 3, column=f"c{index}") for index in range(1_203)]
    report.publish([make_night(0, records=records)])
    assert len(read().nights()[LAST]) == 1_203
    assert len(read().points()) == 1_203


def test_evidence_says_over_which_days_it_is_and_whether_labels_are_in(report, read, make_night):
    evidence = tuple(
        Evidence("recall", "*", "", day, 7, 0.25, 0.2, 0.3, 900, settled=settled, labelled=0.97)
        for day, settled in ((LAST, False), (BEFORE, True))
    )
    report.publish([make_night(0, verdict=Verdict("1", "failing", ("recall fell",), evidence))])
    for run in read().runs:
        rows = [line for line in run.data.tags["mlflow.note.content"].splitlines() if "recall &" in line]
        over = [row.split("|")[-2].removesuffix(" &nbsp; ").strip() for row in rows]
        assert over == [evidence[0].covers, evidence[1].covers]
        assert over[0] != over[1]
