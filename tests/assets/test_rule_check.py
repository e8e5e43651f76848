"""What the Dagster UI shows of an alert rule."""

import datetime as dt

import dagster as dg
import numpy as np
import pytest

from assets.rule_check import check_result
from obs_dagster.alerts import RuleSummary, Subject, SubjectStatus
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.changes.change import Reference
from obs_dagster.changes.describe import Moved, describe
from obs_dagster.monitor import Rule
from tests.counted import by_value

RULE = Rule(
    name="recall_lost", metric="recall", window=7, below=0.25, severity="critical", summary="Retrain."
)
SUBJECT = Subject("1", "*", "")
STATUSES = ("firing", "pending", "ok", "unknown")


def summary(status, night):
    subjects = {each: (SUBJECT,) if each == status else () for each in STATUSES}
    return RuleSummary(RULE, status, subjects, (SubjectStatus(SUBJECT, status, night),))


@pytest.fixture
def night():
    return Observation(dt.date(2013, 7, 21), 0.001375515818431912, 0.0002429, 0.00775, 727)


def test_the_measurement_reads_from_value_to_rows(night):
    result = check_result(summary("firing", night))
    (row,) = result.metadata["firing"].records
    assert list(row.data.items())[3:] == [
        ("value", "0.001376"),
        ("threshold", "below 0.25"),
        ("95% low", "0.0002429"),
        ("95% high", "0.00775"),
        ("rows", "727"),
        ("window", "7 days to 2013-07-21"),
    ]
    assert [column.name for column in result.metadata["firing"].schema.columns] == list(row.data)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_every_subject_that_fires_is_listed_in_the_order_of_the_summary(night):
    others = [Subject(version, "*", "") for version in ("3", "2")]
    found = tuple(SubjectStatus(each, "firing", night) for each in (SUBJECT, *others))
    firing = tuple(each.subject for each in found)
    result = check_result(RuleSummary(RULE, "firing", {"firing": firing}, found))
    assert [row.data["version"] for row in result.metadata["firing"].records] == ["1", "3", "2"]
    assert result.metadata["status"].value == "firing: 3 subjects"
    assert result.description.endswith("It is the gravest of 3 that are firing.")


def test_it_has_no_numbers_which_would_be_drawn_over_executions(night):
    kinds = {type(value) for value in check_result(summary("firing", night)).metadata.values()}
    assert kinds.isdisjoint({dg.IntMetadataValue, dg.FloatMetadataValue})


def test_it_tells_what_was_measured_and_leaves_the_summary_to_the_check(night):
    told = check_result(summary("firing", night)).description
    assert told == (
        "Version 1: recall 0.001 [<0.001, 0.008] over the 7 days to 21 July (in breach below 0.25)."
    )


def test_a_rule_that_could_not_be_judged_says_so():
    result = check_result(summary("unknown", None))
    assert result.passed
    assert result.description == "No night could be judged yet."
    assert set(result.metadata) == {"status"}


def test_a_rule_about_values_that_moved_shows_both_sides(night):
    counts = [by_value(np.repeat([1.0, 2.0, 3.0], 300) * factor) for factor in (1, 1000)]
    changes = describe([Moved("1", "amount", (7,), *counts)], {"1": Reference("training")}, night.day)
    result = check_result(summary("firing", night), changes)
    assert result.description.endswith("a change of unit? (training baseline → 15 to 21 July 2013).")
    (row,) = result.metadata["what moved"].records
    assert row.data["column"] == "amount"
    assert "data:image/svg+xml" in result.metadata["amount · version 1"].value


def test_what_people_do_about_an_alert_is_said_and_the_check_still_fails(night):
    from dataclasses import replace

    told = "silenced until 2013-08-01 10:00 UTC by ann"
    handled = (SubjectStatus(SUBJECT, "firing", night, told),)
    result = check_result(replace(summary("firing", night), handled=handled))
    assert result.description.endswith(f"The alert of version 1 is {told}.")
    (row,) = result.metadata["what people do"].records
    assert (row.data["it is"], result.passed) == (told, False)
