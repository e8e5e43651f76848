import datetime as dt

from obs_dagster.verdict.comparison import different_days
from obs_dagster.verdict.judge import verdicts
from obs_dagster.verdict.record_index import RecordIndex


def judged(season, records, alerts=()):
    return verdicts(season.monitor(), RecordIndex(records), alerts, [season.night(season.LAST)], season.LAST)


def recall(season, version, value, back):
    return season.record("recall", version, season.LAST - dt.timedelta(days=back), value, spread=0.02)


def test_versions_whose_numbers_are_of_the_same_days_need_no_word(season):
    records = [recall(season, "1", 0.04, 3), recall(season, "2", 0.49, 3)]
    assert different_days(judged(season, records)) == ""


def test_an_alert_of_a_later_day_is_compared_on_the_days_that_both_have(season):
    records = [recall(season, "1", 0.04, 3), recall(season, "2", 0.49, 3)]
    alert = season.alert(value=0.002, low=0.0015, high=0.009, day=season.LAST)
    assert different_days(judged(season, records, [alert])) == (
        "Not of the same days: recall of version 1 (7 days to 21 July) and version 2 (7 days to 18 July). "
        "For comparison, over the 7 days to 18 July: version 1 0.04 [0.02, 0.06], "
        "version 2 0.49 [0.47, 0.51]."
    )


def test_without_a_common_day_it_says_only_that_they_differ(season):
    records = [recall(season, "1", 0.04, 3), recall(season, "2", 0.49, 1)]
    assert different_days(judged(season, records)) == (
        "Not of the same days: recall of version 1 (7 days to 18 July) and version 2 (7 days to 20 July)."
    )


def test_one_version_alone_is_not_compared(season):
    assert different_days(judged(season, [recall(season, "1", 0.04, 3)])) == ""
