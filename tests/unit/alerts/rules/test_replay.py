import datetime as dt

from obs_dagster.alerts.rules.replay import replay
from obs_dagster.reports.replay import render_replay

RECALL = {"name": "recall_low", "metric": "recall", "below": 0.5, "for": 2}


def replayed(store, monitor, rule, first, last, *thresholds):
    made = monitor(rule)
    return replay(store, made, made.alerts[0], (first, last), thresholds)


def test_it_says_when_a_rule_would_have_fired(store, write, monitor, day):
    write([0.9, 0.2, 0.2, 0.2, 0.8, None, 0.3, 0.9])
    write([0.9] * 8, version="2")
    [own, *_] = replayed(store, monitor, RECALL, day(1), day(8))

    assert (own.fired, own.firing_nights, own.fired_subjects) == (1, 2, 1)
    first, second = own.subjects
    assert (first.subject.version, second.subject.version) == ("1", "2")
    assert [each.verdict.value for each in first.nights] == [
        "ok",
        "breach",
        "breach",
        "breach",
        "ok",
        "unknown",
        "breach",
        "ok",
    ]
    assert [first.fires_on(day(number)) for number in range(1, 9)] == [False, False, True, True, *[False] * 4]


def test_other_thresholds_are_tried_on_the_same_nights(store, write, monitor, day):
    write([0.9, 0.2, 0.2, 0.6, 0.6, 0.6])
    own, low, high = replayed(store, monitor, RECALL, day(1), day(6), 0.7, 0.1)

    assert [each.rule.threshold.number for each in (own, low, high)] == [0.5, 0.1, 0.7]
    assert [each.fired for each in (own, low, high)] == [1, 0, 1]
    assert [each.firing_nights for each in (own, low, high)] == [1, 0, 4]


def test_a_relative_threshold_is_varied_around_itself(store, write, monitor, day):
    write([100.0] * 30, metric="volume")
    rule = {"name": "lost", "metric": "volume", "below": "50 % of usual", "min_rows": 1}
    found = replayed(store, monitor, rule, day(1), day(30))
    origins = [each.rule.threshold.origin for each in found]
    assert origins == [f"{part} % of what is usual" for part in ("50", "40", "45", "55", "60")]


def test_nights_before_the_range_say_what_is_usual_in_it(store, write, monitor, day):
    write([100.0] * 27 + [10.0], metric="volume")
    rule = {"name": "lost", "metric": "volume", "below": "50 % of usual", "min_rows": 1}
    [own, *_] = replayed(store, monitor, rule, day(28), day(28))
    assert (own.fired, own.firing_nights) == (1, 1)


def test_a_page_shades_the_nights_on_which_it_fires(store, write, monitor, day):
    write([0.9, 0.2, 0.2, (0.2, 0.1, 0.3)])
    page = render_replay("flight_delay", replayed(store, monitor, RECALL, day(1), day(4)))
    assert page.count('class="blank"') == 2
    assert f"{dt.date(2013, 7, 3).day} July: firing" in page
    assert "It would have fired <b>once</b>, over 2 nights, for 1 of 1" in page
    assert "https:" not in page


def test_a_rule_that_watches_nothing_has_a_page_that_says_so(store, monitor, day):
    page = render_replay("flight_delay", replayed(store, monitor, RECALL, day(1), day(4)))
    assert "Nothing that the rule watches was evaluated then." in page
