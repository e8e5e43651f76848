"""What the Dagster UI shows of an alert rule."""

import datetime as dt

import dagster as dg
import pytest

from assets.rule_check import check_result
from obs_dagster.alerts import RuleSummary, Subject, SubjectStatus
from obs_dagster.alerts.rules.fold import Observation
from obs_dagster.monitor import Rule

RULE = Rule(
    name="recall_lost", metric="recall", window=7, below=0.25, severity="critical", summary="Retrain."
)
SUBJECT = Subject("1", "*", "")
STATUSES = ("firing", "pending", "ok", "unknown")


def summary(status, night):
    subjects = {each: (SUBJECT,) if each == status else () for each in STATUSES}
    return RuleSummary(RULE, status, subjects, SubjectStatus(SUBJECT, status, night))


@pytest.fixture
def night():
    return Observation(dt.date(2013, 7, 21), 0.001375515818431912, 0.0002429, 0.00775, 727)


def test_the_measurement_reads_from_value_to_rows(night):
    result = check_result(summary("firing", night))
    (row,) = result.metadata["at worst"].records
    assert list(row.data.items())[:5] == [
        ("value", "0.001376"),
        ("threshold", "below 0.25"),
        ("95% low", "0.0002429"),
        ("95% high", "0.00775"),
        ("rows", "727"),
    ]
    assert [column.name for column in result.metadata["at worst"].schema.columns] == list(row.data)
    assert result.metadata["value"].value == 0.001376
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)


def test_it_tells_what_was_measured_and_leaves_the_summary_to_the_check(night):
    told = check_result(summary("firing", night)).description
    assert told == (
        "Version 1: recall 0.001 [<0.001, 0.008] over the 7 days to 21 July (in breach below 0.25)."
    )


def test_a_rule_that_could_not_be_judged_says_so():
    result = check_result(summary("unknown", None))
    assert result.passed
    assert result.description == "No night could be judged yet."
    assert "value" not in result.metadata
