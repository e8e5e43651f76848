import datetime as dt

import pytest

from obs_dagster.verdict.headline import headline_window, needs_labels, settled_through, tells_movement


@pytest.mark.parametrize(("windows", "expected"), [((1, 7, 28), 7), ((1, 3), 3), ((14, 28), 14), ((1,), 1)])
def test_the_window_that_is_shown_first(season, windows, expected):
    assert headline_window(season.monitor(windows=windows)) == expected


def test_the_last_day_with_complete_labels(season):
    assert settled_through(season.monitor(), dt.date(2013, 7, 21)) == dt.date(2013, 7, 18)
    assert settled_through(season.monitor(labels=None), dt.date(2013, 7, 21)) is None


def test_families_decide_what_a_metric_tells():
    assert needs_labels("recall")
    assert needs_labels("label_coverage")
    assert not needs_labels("volume")
    assert tells_movement("psi")
    assert tells_movement("shap_importance")
    assert not tells_movement("quarantined_share")
    assert not tells_movement("of_a_third_party")
