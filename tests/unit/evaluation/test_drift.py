"""What moved on a night: found beside the drift records, kept by day, told in alerts."""

import datetime as dt

import numpy as np
import pytest
from scipy.stats import ks_2samp

from obs_dagster import workers
from obs_dagster.alerts.moved import from_lake
from obs_dagster.changes.change import Changes
from obs_dagster.changes.words import between, line, told
from obs_dagster.errors import LakeError
from obs_dagster.evaluation import drift, drift_records
from obs_dagster.evaluation.drift import changes_of, drift_of_day, keep_changes
from obs_dagster.history import History
from obs_dagster.reports.gather import gather
from tests.unit.alerts.test_alert_message import ALERT, replace

ONE = dt.timedelta(days=1)


@pytest.fixture
def world(small, day):
    """A world whose temperature is in °F, and whose carriers are often null, on the second day."""
    made = small(baseline={"kind": "days", "first": day, "last": day})
    fine, faulty = made.rows(day, 1000), made.rows(day + ONE, 1000)
    faulty["temp"] = faulty["temp"] * 1.8 + 32
    faulty.loc[np.arange(1000) % 3 == 0, "carrier"] = None
    made.log(day, fine)
    made.log(day + ONE, faulty)
    for each in (day, day + ONE):
        made.night(each)
    return made


def test_a_night_finds_what_moved_and_keeps_it(world, day):
    found = drift_of_day(world.tonight, day + ONE)
    assert {record.metric for record in found.records} >= {"psi", "missing_drift"}
    keep_changes("small", world.lake, day + ONE, found.changes)
    changes = changes_of("small", world.lake, day + ONE)
    assert list(changes.all) == found.changes
    assert told(changes.of("1", "temp", 1)).endswith("× 1.8 + 32: a change of unit (°C and °F)?")  # noqa: RUF001
    missing = told(changes.of("1", "carrier", 1))
    assert missing == "missing 0.0 % → 33 %, a burst of nulls? The values that are there have not moved"
    # the week is both days, of which one is fine: its last day explains it
    assert changes.of("1", "temp", 7) == changes.of("1", "temp", 1)
    assert changes.of("1", "hour", 1) is None
    assert changes.of("1", "temp", 1).reference.first == day
    before = world.state()
    keep_changes("small", world.lake, day + ONE, drift_of_day(world.tonight, day + ONE).changes)
    assert world.state() == before


def test_columns_of_a_wide_log_are_evaluated_side_by_side(world, day, monkeypatch):
    alone = drift_of_day(world.tonight, day + ONE)
    assert alone.changes
    monkeypatch.setattr(drift_records, "_COLUMNS", 1)
    monkeypatch.setattr(drift, "_FEWEST_BLOCKS", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    begun = []
    begin = workers._BESIDE.begin
    monkeypatch.setattr(workers._BESIDE, "begin", lambda work: begun.append(work) or begin(work))
    assert drift_of_day(world.tonight, day + ONE) == alone
    assert begun


def test_a_night_on_which_nothing_moved_keeps_nothing_of_an_earlier_run(world, day):
    keep_changes("small", world.lake, day, drift_of_day(world.tonight, day + ONE).changes)
    keep_changes("small", world.lake, day, drift_of_day(world.tonight, day).changes)
    assert changes_of("small", world.lake, day).every == ()
    assert changes_of("small", world.lake, day - ONE).every == ()


def test_an_alert_tells_what_its_night_kept(world, day):
    keep_changes("small", world.lake, day + ONE, drift_of_day(world.tonight, day + ONE).changes)
    tell = from_lake(world.lake)
    about = {"model": "small", "segment": "*", "column": "temp", "metric": "psi", "window": 1, "version": "1"}
    alert = replace(ALERT, **about, last_day=day + ONE)
    assert tell(alert).endswith("a change of unit (°C and °F)? (4 March 2024 → 5 March 2024)")
    # of a cell of which nothing is known, what moved in all rows
    in_cell = tell(replace(alert, segment="carrier=AA"))
    assert in_cell.endswith("(4 March 2024 → 5 March 2024, of all rows)")
    # other columns, metrics that are not about values, nights before
    others = ({"column": "hour"}, {"metric": "recall"}, {"last_day": day})
    assert [tell(replace(alert, **other)) for other in others] == [""] * 3


def test_a_rule_about_a_cell_tells_what_moved_in_it(small, day):
    rule = {"metric": "psi", "above": 0.25, "window": 1, "columns": ["score"], "severity": "warning"}
    world = small(
        baseline={"kind": "days", "first": day, "last": day},
        alerts=[{"name": "cells", "segments": ["carrier=AA"], **rule}],
    )
    faulty = world.rows(day + ONE, 3000)
    faulty.loc[faulty["carrier"] == "AA", "score"] /= 4
    world.log(day, world.rows(day, 3000))
    world.log(day + ONE, faulty)
    for each in (day, day + ONE):
        world.night(each)
    found = drift_of_day(world.tonight, day + ONE).changes
    keep_changes("small", world.lake, day + ONE, found)
    changes = changes_of("small", world.lake, day + ONE)
    # of other cells, which no rule watches, nothing is kept
    assert {each.segment for each in changes.every} == {"*", "carrier=AA"}
    cell, whole = changes.about("1", "score", 1, "carrier=AA"), changes.of("1", "score", 1)
    assert cell.after.median < 0.15 < whole.after.median
    assert cell.before.rows == (world.rows(day, 3000)["carrier"] == "AA").sum()
    assert line(cell).startswith("score in carrier=AA: median 0.")
    assert changes.about("1", "score", 1, "carrier=UA") == whole
    assert line(whole, "carrier=UA").endswith(", of all rows)")
    about = {"model": "small", "version": "1", "column": "score", "metric": "psi", "window": 1}
    alert = replace(ALERT, **about, segment="carrier=AA", last_day=day + ONE)
    assert from_lake(world.lake)(alert) == f"{told(cell)} ({between(cell)})"


def test_drift_of_a_feature_in_a_cell_is_computed_where_a_rule_asks_for_it(small, day):
    cells = {"segments": ["carrier"], "columns": ["te*"], "above": 0.2}
    world = small(
        baseline={"kind": "days", "first": day, "last": day},
        windows=[1],
        alerts=[
            {"name": "psi_cells", "metric": "psi", **cells},
            {"name": "ks_cells", "metric": "ks", **cells},
        ],
    )
    faulty = world.rows(day + ONE, 3000)
    moved = faulty["carrier"] == "AA"
    faulty.loc[moved, "temp"] += 40
    world.log(day, world.rows(day, 3000))
    world.log(day + ONE, faulty)
    for each in (day, day + ONE):
        world.night(each)
    found = drift_of_day(world.tonight, day + ONE)
    in_cells = {(each.metric, each.column) for each in found.records if each.segment == "carrier=AA"}
    assert {each for each in in_cells if each[1] != "score"} == {("psi", "temp"), ("ks", "temp")}
    values = {(each.metric, each.segment): each.value for each in found.records if each.column == "temp"}
    assert values["psi", "carrier=AA"] > 1
    assert values["psi", "carrier=UA"] < 0.1
    before = world.rows(day, 3000)
    exact = ks_2samp(before.loc[before["carrier"] == "AA", "temp"], faulty.loc[moved, "temp"]).statistic
    # segment cells join eight bins
    assert values["ks", "carrier=AA"] == pytest.approx(exact, abs=0.02)


def test_a_damaged_file_is_told_of_and_hides_nothing_else(world, day, tmp_path):
    keep_changes("small", world.lake, day + ONE, [])
    path = world.lake.folder("small", "changes") / f"day={day + ONE}" / "changes.json"
    path.write_text('{"changes": [')
    with pytest.raises(LakeError, match="is not JSON"):
        changes_of("small", world.lake, day + ONE)
    path.write_text('{"changes": [{"column": "temp"}]}')
    with pytest.raises(LakeError, match="not as this version writes it"):
        changes_of("small", world.lake, day + ONE)
    alert = replace(ALERT, model="small", segment="*", column="temp", metric="psi", last_day=day + ONE)
    assert from_lake(world.lake)(alert) == ""
    with History.open(f"sqlite:///{tmp_path}/history.db") as history:
        now = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
        page = gather(world.monitor, history, day + ONE, now=now, lake=world.lake)
    assert page.changes.every == ()
    assert any(remark.startswith("What moved could not be told: ") for remark in page.remarks)


def test_a_rolling_baseline_has_no_days_before_the_first_night(small, day):
    world = small(start=str(day), baseline={"kind": "rolling", "days": 5, "min_days": 1, "gap_days": 1})
    world.log(day, world.rows(day, 600))
    world.log(day + ONE, world.rows(day + ONE, 600).assign(temp=100.0))
    for each in (day, day + ONE):
        world.night(each)
    change = Changes(drift_of_day(world.tonight, day + ONE).changes).of("1", "temp", 1)
    assert (change.reference.first, change.reference.last) == (day, day)
