"""Attributes that are held apart: counted by group, and written beside no id."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from jobs.cli.check import inspect
from obs_dagster.errors import LakeError
from obs_dagster.evaluation.fairness import fairness_between, rounded
from obs_dagster.evaluation.groups_apart import (
    count_groups,
    groups_apart,
    joined_in_words,
    place_apart,
    stale_groups,
)
from obs_dagster.evaluation.performance_records import performance_records
from obs_dagster.history import History
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.reports.fairness import fairness_sections
from obs_dagster.retention.purge import Kept, purge
from obs_dagster.settings import Settings
from obs_dagster.store import place
from obs_dagster.tasks.protocol import task_of

DAY = dt.date(2024, 3, 4)
MEN, WOMEN = "mensecretly", "womensecretly"
FAIR = {
    "attributes": ["sex", ["sex", "carrier"]],
    "held_apart": {"source": "parquet", "path": "people/*.parquet", "columns": ["sex"], "key": "person"},
}


def people(rows, n=None):
    """Who is what: women have lower scores; of every tenth nobody knows."""
    rng = np.random.default_rng(3)
    sex = np.where(rng.random(len(rows)) < 0.5, WOMEN, MEN).astype(object)
    sex[::10] = None
    return pd.DataFrame({"person": rows["id"], "sex": sex})[:n]


def worse_for_women(world, n=1_200):
    rows = world.rows(DAY, n)
    known = people(rows)
    rows["score"] = np.clip(rows["score"] - 0.25 * (known["sex"] == WOMEN), 0, 1)
    return rows, known


def night_of(world):
    """A night with its groups."""
    world.night(DAY)
    night = world.tonight
    failed = dict(count_groups(night, sorted(stale_groups(night))))
    return night, failed, list(performance_records(night, DAY))


@pytest.fixture(scope="module")
def night(tmp_path_factory, small_at):
    world = small_at(tmp_path_factory.mktemp("apart"), fairness=FAIR, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world)
    world.log(DAY, rows)
    world.labels("1.parquet", rows, day=DAY)
    world.write("people/all.parquet", known)
    tonight, failed, records = night_of(world)
    assert not any(failed.values())
    return world, rows, known, tonight, records


def test_groups_are_compared_as_if_the_log_had_them_to_whole_points(night):
    _, rows, known, _, records = night
    said = {each.metric: each for each in records if each.column == "sex"}
    chosen = (rows["score"] >= 0.5).groupby(known["sex"].to_numpy()).mean()
    ratio = said["demographic_parity_ratio"]
    assert ratio.value == round(chosen[WOMEN] / chosen[MEN], 2)
    assert ratio.low < ratio.value < ratio.high
    assert f"sex={WOMEN}" in ratio.reason
    assert said["group_unknown_share"].value == pytest.approx(0.1)
    deserved, got = rows["score"].to_numpy() > 0.5, rows["score"].to_numpy() >= 0.5
    of = [got[deserved & (known["sex"] == who)].mean() for who in (WOMEN, MEN)]
    assert said["equal_opportunity_difference"].value == round(abs(of[0] - of[1]), 2)
    gaps = [
        (rows["score"][at].mean() - deserved[at].mean())
        for who in (WOMEN, MEN)
        for at in [(known["sex"] == who).to_numpy()]
    ]
    assert said["group_calibration_gap"].value == pytest.approx(max(map(abs, gaps)), abs=0.01)
    assert {each.column for each in records if each.metric in family("fairness")} == {"sex", "sex,carrier"}


def test_no_file_holds_an_attribute_beside_an_id(night):
    world, rows, known, _, _ = night
    ids = [each.encode() for each in rows["id"][:50]]
    for path in (each for each in world.root.rglob("*") if each.is_file()):
        if path.parent.name == "people":
            continue
        held = path.read_bytes()
        if path.suffix == ".parquet":
            # compressed: by its rows
            held = repr(pq.read_table(path, partitioning=None).to_pydict()).encode()
        apart = place_apart(world.monitor, world.lake).root in path.parents
        assert not any(each in held for each in ids) or not apart, path
        assert apart or (WOMEN.encode() not in held and MEN.encode() not in held), path
    (counts,) = place_apart(world.monitor, world.lake).root.rglob("*.parquet")
    kept = pq.read_table(counts, partitioning=None)
    assert kept.column_names == ["version", "segment", "decision", "label", "n", "score_sum", "brier_sum"]
    assert sum(kept.filter(np.array(kept["segment"]) == f"sex={WOMEN}")["n"].to_pylist()) == int(
        (known["sex"] == WOMEN).sum()
    )


def test_scores_count_to_two_digits_so_that_no_row_is_found_by_its_score(night):
    world, *_ = night
    (counts,) = place_apart(world.monitor, world.lake).root.rglob("*.parquet")
    sums = np.array(pq.read_table(counts, partitioning=None)["score_sum"])
    np.testing.assert_allclose(sums * 100, np.round(sums * 100), atol=1e-6)


def test_the_page_says_whose_group_is_not_known_and_rows_to_tens(night):
    *_, tonight, _ = night
    (answers, groups, *_) = fairness_sections(fairness_between(tonight, DAY, DAY))["1"]
    assert "Not known: the group of 10 % of about 1,200 predictions" in groups.note
    assert {row[0] for row in groups.rows} == {f"sex={MEN}", f"sex={WOMEN}"}
    assert all(row[1].startswith("about ") and row[1].endswith("0") for row in groups.rows)
    assert answers.rows
    assert joined_in_words(tonight, DAY) == "of 1,200 rows 90 % have all attributes"


def test_a_small_group_is_named_and_no_number_told(night, small):
    _, rows, known, *_ = night
    other = small(fairness=FAIR, windows=[1])
    other.train("1")
    other.log(DAY, rows)
    other.write("people/all.parquet", known.assign(sex=known["sex"].where(np.arange(len(known)) > 4, "few")))
    tonight, _, records = night_of(other)
    assert not [each for each in records if "few" in each.segment]
    (_, groups, *_) = fairness_sections(fairness_between(tonight, DAY, DAY))["1"]
    assert "Nothing is told of sex=few: fewer than 50 rows." in groups.note
    assert "sex=few" not in {row[0] for row in groups.rows}


def test_attributes_that_come_later_are_looked_for_again_for_a_week(small):
    world = small(fairness=FAIR, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world)
    world.log(DAY, rows)
    tonight, _, records = night_of(world)
    (share,) = [each for each in records if each.metric == "group_unknown_share" and each.column == "sex"]
    assert share.value == 1.0
    assert stale_groups(tonight) == set()
    world.write("people/all.parquet", known[:600])
    assert stale_groups(tonight) == {DAY}
    list(count_groups(tonight, [DAY]))
    assert joined_in_words(tonight, DAY) == "of 1,200 rows 45 % have all attributes"
    world.write("people/more.parquet", known[600:].dropna())
    assert stale_groups(tonight) == {DAY}


def test_whoever_is_told_two_attributes_has_none(small):
    world = small(fairness=FAIR, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world, 300)
    world.log(DAY, rows)
    known["sex"] = MEN
    world.write("people/1.parquet", known)
    world.write("people/2.parquet", known.assign(sex=WOMEN)[:30])
    tonight, *_ = night_of(world)
    assert joined_in_words(tonight, DAY) == "of 300 rows 90 % have all attributes"


def test_files_that_cannot_be_read_keep_no_night_from_the_rest(small):
    world = small(fairness=FAIR, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world)
    world.log(DAY, rows)
    world.labels("1.parquet", rows, day=DAY)
    world.write("people/all.parquet", known.rename(columns={"sex": "gender"}))
    tonight, failed, records = night_of(world)
    assert "have no column sex" in failed[DAY]
    said = {each.metric: each for each in records if each.column == "sex"}
    assert said["demographic_parity_ratio"].value is None
    assert "have no column sex" in said["demographic_parity_ratio"].reason
    assert next(each for each in records if each.metric == "recall" and each.segment == "*").value is not None
    # the next night tries again, and what it finds is there
    world.write("people/all.parquet", known)
    assert stale_groups(tonight) == {DAY}
    list(count_groups(tonight, [DAY]))
    assert groups_apart(tonight, [DAY], task_of(world.monitor).outcomes).profile.table.num_rows
    # and stays when the files are damaged later
    (world.root / "people/all.parquet").write_bytes(b"PAR1 no more")
    (_, why), *_ = count_groups(tonight, [DAY])
    assert why
    assert groups_apart(tonight, [DAY], task_of(world.monitor).outcomes).profile.table.num_rows


def test_of_a_column_of_many_values_few_have_a_group(small):
    world = small(fairness=FAIR, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world, 600)
    world.log(DAY, rows)
    world.write("people/all.parquet", known.assign(sex=[str(number // 3) for number in range(600)]))
    tonight, *_ = night_of(world)
    found = groups_apart(tonight, [DAY], task_of(world.monitor).outcomes).profile
    cells = [each for each in found.segments("1") if each.startswith("sex=") and "," not in each]
    assert len(cells) == 51
    assert "sex=(other)" in cells


def test_numbers_of_groups_held_apart_are_rounded_outwards():
    assert rounded(Estimate(0.5049, 0.411, 0.601, 1_239)) == Estimate(0.5, 0.41, 0.61, 1_230)
    assert rounded(Estimate.missing("no rows", 17)) == Estimate.missing("no rows", 10)
    said = rounded(Estimate(0.1, 0.1, 0.1, 10, reason="sex=F 3.62 %, sex=M 26 %, others <0.1 %")).reason
    assert said == "sex=F 4 %, sex=M 26 %, others 0 %"


def test_counts_may_have_a_place_of_their_own(small):
    world = small(fairness=FAIR | {"held_apart": FAIR["held_apart"] | {"counts": "vault"}}, windows=[1])
    world.train("1")
    rows, known = worse_for_women(world, 300)
    world.log(DAY, rows)
    world.write("people/all.parquet", known)
    night_of(world)
    assert [each.parent.name for each in (world.root / "vault").rglob("*.parquet")] == [f"day={DAY}"]
    assert not (world.root / "lake-apart").exists()


def test_a_lake_that_is_a_whole_bucket_has_nothing_beside_it(small):
    with pytest.raises(LakeError, match="whole bucket"):
        place_apart(small(fairness=FAIR).monitor, Lake(place("s3://everything")))
    assert str(place_apart(small(fairness=FAIR).monitor, Lake(place("s3://all/lake"))).root) == (
        "s3://all/lake-apart"
    )


def test_counts_of_groups_go_with_other_counts(small):
    world = small(fairness=FAIR, windows=[1], retention={"profiles": 10})
    world.train("1")
    rows, known = worse_for_women(world, 300)
    world.log(DAY, rows)
    world.write("people/all.parquet", known)
    night_of(world)
    with History.open(f"sqlite:///{world.root / 'history.db'}") as history:
        today = DAY + dt.timedelta(days=11)
        assert [each.kind for each in purge(Kept(world.monitor, world.lake, history, world.root, today))]
    assert not list((world.root / "lake-apart").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("written", "level", "said"),
    [
        (None, "warn", "no files yet, so no group is known"),
        ({"person": "key"}, "fail", "have no column person; they have key, sex"),
        ({}, "ok", "sex in 1 file"),
    ],
)
def test_a_check_says_whether_attributes_are_there(small, written, level, said):
    world = small(fairness=FAIR)
    if written is not None:
        world.write("people/1.parquet", people(world.rows(DAY)).rename(columns=written))
    settings = Settings(home=world.root / ".obs")
    (found,) = [each for each in inspect(world.monitor, settings) if each.what == "attributes"]
    assert found.status == level
    assert said in found.detail
