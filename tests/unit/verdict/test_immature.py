import datetime as dt

import pytest

from obs_dagster.verdict.immature import beside, immaturity


@pytest.mark.parametrize(
    ("metric", "back", "share", "told"),
    [
        ("recall", 0, 0.78, "may be biased: labels not complete, 78 % in"),
        ("recall", 0, None, "may be biased: labels not complete"),
        ("recall", 0, 1.0, "all labels in, corrections may come"),
        ("recall", 3, 0.78, ""),
        ("estimated_recall", 0, 0.78, ""),
        ("label_coverage", 0, 0.78, ""),
        ("psi", 0, 0.78, ""),
    ],
)
def test_a_value_of_few_of_its_labels_says_so(season, metric, back, share, told):
    day = season.LAST - dt.timedelta(days=back)
    coverage = [] if share is None else [season.record("label_coverage", "1", day, share)]
    say = immaturity(season.monitor(), coverage, season.LAST)
    assert say(season.record(metric, "1", day, 0.002)) == told
    assert say(season.record(metric, "1", day, None, reason="no labels")) == ""


def test_the_share_of_labels_is_that_of_the_same_rows(season):
    coverage = [season.record("label_coverage", "1", season.LAST, 0.5, segment="origin=JFK")]
    say = immaturity(season.monitor(), coverage, season.LAST)
    assert say(season.record("recall", "1", season.LAST, 0.1)).endswith("not complete")
    assert say(season.record("recall", "1", season.LAST, 0.1, segment="origin=JFK")).endswith("50 % in")


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (
            {"value": 0.041, "spread": 0.02},
            "labels not complete, 78 % in; 0.04 [0.02, 0.06] expected with all",
        ),
        (
            {"value": None, "reason": "too few days; between 0.001 and 0.4"},
            "may be biased: labels not complete, 78 % in; too few days; between 0.001 and 0.4",
        ),
    ],
)
def test_what_a_value_will_be_is_told_beside_it(season, end, told):
    found = [
        season.record("label_coverage", "1", season.LAST, 0.78),
        season.record("completed_recall", "1", season.LAST, end.pop("value"), **end),
    ]
    say = immaturity(season.monitor(), found, season.LAST)
    assert say(season.record("recall", "1", season.LAST, 0.002)) == told
    assert say(season.record("completed_recall", "1", season.LAST, 0.04)) == ""
    assert {each.metric for each in found} <= set(beside(season.monitor()))
