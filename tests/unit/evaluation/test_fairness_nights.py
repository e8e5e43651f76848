"""Groups of people over nights: counted apart, compared, and shown beside no id."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from obs_dagster.evaluation.fairness import FairnessError, fairness_between
from obs_dagster.evaluation.thresholds import cell_thresholds
from obs_dagster.metrics.default_rules import default_rules
from obs_dagster.metrics.registry import family
from obs_dagster.reports.fairness import fairness_sections, render_fairness

DAY = dt.date(2024, 3, 4)
FEATURES = {
    "temp": {"type": "number"},
    "hour": {"type": "integer", "max": 22},
    "carrier": {"type": "category"},
    "sex": {"type": "category"},
    "old": {"type": "boolean"},
}


def people(world, n=900):
    """A day on which men are granted more than women; three have another sex, and one is not known."""
    rows = world.rows(DAY, n)
    rng = np.random.default_rng(5)
    rows["sex"] = pd.Series(rng.choice(["F", "M"], n)).where(np.arange(n) >= 3, "X")
    rows.loc[3, "sex"] = None
    rows["old"] = rng.random(n) < 0.4
    rows["score"] = np.clip(rows["score"] - 0.2 * (rows["sex"] == "F"), 0, 1)
    return rows


@pytest.fixture(scope="module")
def night(tmp_path_factory, small_at):
    """The world, its log and the night's records."""
    world = small_at(
        tmp_path_factory.mktemp("fair"),
        features=FEATURES,
        fairness={"attributes": ["sex", ["sex", "old"]]},
        quality={"max_quarantined_share": 0.5},
    )
    rows = people(world)
    world.write("training/1.parquet", people(world, 600))
    world.log(DAY, rows)
    world.labels("1.parquet", rows, day=DAY, late=(rows["score"] + rows["temp"] / 50 > 0.7).to_numpy())
    return world, rows, world.night(DAY)


def test_records_say_how_far_groups_are_apart_and_which(night):
    _, rows, records = night
    whole = {each.metric: each for each in records if each.column == "sex" and each.window == 1}
    clean = rows[rows["hour"] <= 22]
    chosen = clean.groupby("sex")["score"].apply(lambda score: (score >= 0.5).mean())
    assert whole["demographic_parity_ratio"].value == pytest.approx(chosen["F"] / chosen["M"])
    assert whole["demographic_parity_ratio"].high < 0.8
    assert "sex=F" in whole["demographic_parity_ratio"].reason
    crossed = [each for each in records if each.column == "sex,old" and each.metric in family("fairness")]
    assert crossed
    assert all("sex=X,old=" in each.reason for each in crossed if each.metric.startswith("demographic"))


def test_a_group_has_no_numbers_of_its_own_and_three_people_none_at_all(night):
    world, _, records = night
    assert not [each for each in records if "sex=" in each.segment]
    assert not [
        each for each in cell_thresholds(world.tonight, DAY, 1, lambda *_: True) if "sex" in each.segment
    ]
    found = fairness_between(world.tonight, DAY, DAY)
    page = render_fairness(world.monitor, DAY, DAY, found, dt.datetime.now(dt.UTC))
    assert "Nothing is told of sex=X: fewer than 50 rows." in page
    assert "<td>sex=X" not in page
    assert "(null)" not in page
    assert "less than four fifths, and more than chance" in page
    (_, groups, *_) = fairness_sections(found)["1"]
    assert {row[0] for row in groups.rows} == {"sex=F", "sex=M"}


def test_what_tells_groups_apart_stands_beside_no_id(night):
    world, *_ = night
    (broken,) = world.lake.root.rglob("quarantine/*/*.parquet")
    table = pq.read_table(broken, partitioning=None)
    assert table.num_rows
    assert table["id"].null_count == 0
    assert table["sex"].null_count == table["old"].null_count == table.num_rows


def test_the_favourable_decision_may_be_the_negative_one(night):
    world, *_ = night
    changes = world.changes | {"fairness": {"attributes": ["sex"], "favourable": "negative"}}
    (other,) = fairness_between(type(world)(world.root, changes).tonight, DAY, DAY)
    (usual, _) = fairness_between(world.tonight, DAY, DAY)
    name = "demographic_parity_difference"
    assert other.estimates[name].value == pytest.approx(usual.estimates[name].value)
    ratio = other.estimates["demographic_parity_ratio"]
    assert ratio.value > 0.6
    assert ratio.reason.startswith("sex=M")


def test_the_four_fifths_rule_watches_who_names_attributes(night, small):
    world, *_ = night
    assert "four_fifths" in {rule.name for rule in default_rules(world.monitor)}
    assert "four_fifths" not in {rule.name for rule in default_rules(small().monitor)}


def test_without_attributes_or_days_there_is_a_remedy(night, small):
    world, *_ = night
    with pytest.raises(FairnessError, match="names no attribute"):
        fairness_between(small().tonight, DAY, DAY)
    with pytest.raises(FairnessError, match="No day of small from 2023-01-01"):
        fairness_between(world.tonight, dt.date(2023, 1, 1), dt.date(2023, 1, 2))
