import pytest

from obs_dagster.verdict.judged import judged
from obs_dagster.verdict.record_index import RecordIndex


def rule(**changes):
    return {"name": "drift", "metric": "psi", "window": 7, "above": 0.25} | changes


@pytest.fixture
def gap(season):
    def gap(rules, records):
        return judged(season.monitor(alerts=rules), RecordIndex(records), "1", season.LAST).gap

    return gap


def test_a_rule_without_a_value_is_not_judged(gap, season):
    none = season.record("psi", "1", season.LAST, None, column="temp", reason="no baseline: as it is")
    assert gap([rule()], [none]) == "its only rule could not be judged: drift (no baseline)"
    assert gap([rule()], []) == "its only rule could not be judged: drift (not measured)"
    few = season.record("psi", "1", season.LAST, 0.1, column="temp", n=9)
    assert gap([rule()], [few]) == "its only rule could not be judged: drift (fewer than 100 rows)"


def test_one_subject_with_a_value_is_enough(gap, season):
    none = season.record("psi", "1", season.LAST, None, column="temp", reason="no values")
    known = season.record("psi", "1", season.LAST, 0.1, column="dewp")
    assert gap([rule()], [none, known]) == ""
    assert gap([rule(columns=["temp"])], [none, known]) == (
        "its only rule could not be judged: drift (no values)"
    )


def test_rules_for_other_versions_do_not_count_and_those_of_the_log_do(gap, season):
    log = season.record("quarantined_share", "*", season.LAST, 0.0, window=1)
    whole = rule(name="broken", metric="quarantined_share", window=1)
    assert gap([whole, rule(versions=["2"])], [log]) == ""
    assert gap([whole, rule()], [log]) == "1 of 2 rules could not be judged: drift (not measured)"


def test_a_rule_about_labels_is_judged_by_the_days_that_have_them(gap, season):
    floor = rule(name="floor", metric="recall", below=0.2)
    del floor["above"]
    days = season.days(6)
    assert gap([floor], [season.record("recall", "1", days[-4], 0.4)]) == ""
    assert "not measured" in gap([floor], [season.record("recall", "1", days[-5], 0.4)])
