"""Few rows may leave the warehouse: those that are drawn of rows which are fetched, on both databases."""

import pandas as pd

from obs_dagster.evaluation.day_rows import kept_rows
from obs_dagster.evaluation.labelled_rows import labelled_rows
from obs_dagster.evaluation.multivariate import multivariate_records
from obs_dagster.evaluation.night_plan import night_plan
from obs_dagster.evaluation.sampling import draw_versions, sample_baseline, sample_day
from obs_dagster.quality.sampled import FETCHED, rows_here
from obs_dagster.reports.evidently_night import evidently_pages, is_due
from obs_dagster.sources.files import connect
from obs_dagster.sources.warehouse_plan import planned
from tests.functional.test_nights_in_warehouse import (  # noqa: F401  fixtures
    DAYS,
    FEATURES,
    FIRST,
    differing,
    labels_of,
    rows_of,
    warehouse,
    worlds,
)

NEXT = DAYS[1]
ASKED = {
    "alerts": [{"name": "together", "metric": "domain_auc", "above": 0.9}],
    "features": {name: FEATURES[name] for name in ("temp", "hour", "carrier")},
    "segments": [],
    "objectives": None,
    "windows": [1],
}
ALL = {"kind": "warehouse", "sample": 5_000}
VERSIONS = ["1", "2", "O'Hare"]


def same(one, other):
    names = [name for name in one.columns if name in other.columns and not name.startswith("_obs_")]
    assert {"score", "temp", "carrier", "hour"} <= set(names)
    pd.testing.assert_frame_equal(one[names], other[names], check_dtype=False, rtol=1e-12)


def test_what_needs_rows_is_as_of_rows_that_are_fetched(worlds):  # noqa: F811
    fetched, there = worlds(**ASKED)
    there.changes["engine"] = ALL
    for day in DAYS:
        fetched.night(day)
        there.night(day)
        records = list(multivariate_records(there.tonight, day))
        assert not differing(list(multivariate_records(fetched.tonight, day)), records)
    assert any(each.value is not None for each in records)
    for version in VERSIONS:
        one, other = (sample_day(each.monitor, NEXT, version, each.lake, 40) for each in (fetched, there))
        same(one, other)
        assert one["_obs_label"].notna().any()
        assert one["_obs_label"].tolist() == other["_obs_label"].tolist()
        drawn = [
            draw_versions(each.monitor, NEXT, each.lake, versions=[version], rows=25)[version]
            for each in (fetched, there)
        ]
        same(*drawn)
        assert drawn[0].index.tolist() == drawn[1].index.tolist()
        same(*(sample_baseline(each.monitor, version, each.lake, 100) for each in (fetched, there)))
    kept = [
        kept_rows(each.monitor, NEXT, dict.fromkeys(VERSIONS, 4_000), ["temp", "carrier"], each.lake)
        for each in (fetched, there)
    ]
    # NaN is one here
    pd.testing.assert_frame_equal(kept[0].to_pandas(), kept[1].to_pandas())
    assert is_due(there.monitor, FIRST)
    pages = [evidently_pages(each.monitor, FIRST, "1", each.lake) for each in (fetched, there)]
    assert pages[0].remarks == pages[1].remarks
    assert pages[0].html.keys() == pages[1].html.keys()
    with_labels = [labelled_rows(each.tonight, "1", NEXT, NEXT) for each in (fetched, there)]
    assert [rows is None for rows in with_labels] == [False, False]
    assert with_labels[0].select(["id", "_obs_label"]).equals(with_labels[1].select(["id", "_obs_label"]))


def test_no_more_rows_leave_than_may(worlds, warehouse):  # noqa: F811
    _, there = worlds(**ASKED)
    there.night(FIRST)
    reasons = {each.reason for each in multivariate_records(there.tonight, FIRST)}
    assert reasons == {"its rows stay in the warehouse, which gives counts of them alone"}
    assert not is_due(there.monitor, FIRST)
    assert there.lake.table("there", FETCHED).days() == []

    there.changes["engine"] = {"kind": "warehouse", "sample": 10}
    with connect() as connection, planned(run=True) as plan:
        rows = rows_here(connection, there.monitor, [FIRST], there.lake).df()
    assert rows.groupby("model").size().max() == 10
    assert [each.rows for each in plan.asked if "id" in each.columns] == [len(rows)]
    assert len(sample_day(there.monitor, FIRST, "1", there.lake, 5_000)) == 10
    steps = {each.stage: each for each in night_plan(there.monitor, FIRST, there.lake, run=False)}
    assert "at most 10 rows" in steps["explanations"].back
    assert any("md5(" in each.sql.lower() for each in steps["explanations"].asked)

    # labels that come later are fetched with their rows
    before = sample_day(there.monitor, FIRST, "1", there.lake, 10)["_obs_label"]
    flipped = labels_of(rows_of(FIRST), FIRST)
    flipped["late"], flipped["known"] = 1 - flipped["late"], flipped["known"] + pd.Timedelta(days=5)
    warehouse.add("labels", flipped)
    there.night(FIRST)
    after = sample_day(there.monitor, FIRST, "1", there.lake, 10)["_obs_label"]
    assert before.index.tolist() == after.index.tolist()
    assert before.notna().all()
    assert (before.astype(bool) != after.astype(bool)).all()
