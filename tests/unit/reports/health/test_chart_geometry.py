import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.reports.health.chart import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Frame,
    Point,
    Trend,
    draw,
)
from obs_dagster.reports.health.scale import Scale, nice_ticks, value_range

FIRST = dt.date(2013, 7, 1)


def day(offset):
    return FIRST + dt.timedelta(days=offset)


def points(values, *, settled_to=99, spread=0.05):
    return [
        Point(day(at), value, value - spread, value + spread, 100, at <= settled_to)
        for at, value in enumerate(values)
        if value is not None
    ]


def chart(*trends, blanks=None, days=10, **changes):
    frame = Frame(FIRST, day(days - 1), blanks or {})
    return draw(frame, "recall", "Recall", "7 days", trends, **changes)


def test_a_gap_and_the_unsettled_end_are_drawn_apart():
    drawn = chart(Trend("1", 0, points([0.4, 0.4, None, 0.4, 0.5, 0.5], settled_to=4)))
    (stroke,) = drawn.strokes
    assert stroke.solid.count("M") == 2
    assert stroke.dashed.count("M") == stroke.dashed.count("L") == 1
    assert stroke.band.count("Z") == 2
    assert [mark.settled for mark in stroke.marks] == [True, True, True, True, False]
    assert "labels still arriving" in stroke.marks[-1].tip
    assert drawn.arriving is not None


def test_a_day_without_an_evaluation_is_marked():
    drawn = chart(Trend("1", 0, points([0.4])), blanks={day(3): "no rows"})
    ((_, width, tip),) = drawn.blanks
    assert width > 0
    assert tip == "4 July was NOT EVALUATED: no rows"


def test_labels_at_the_ends_do_not_cover_each_other():
    drawn = chart(*(Trend(str(number), number, points([0.4 + number / 1_000] * 3)) for number in range(4)))
    places = sorted(stroke.label_y for stroke in drawn.strokes)
    assert all(after - before >= 11 for before, after in pairwise(places))


def test_what_was_estimated_is_a_line_beside_what_was_measured():
    expected = {"estimated": points([0.4, 0.42, 0.3]), "adapted": (), "completed": points([0.41])}
    drawn = chart(Trend("1", 0, points([0.4, 0.4]), expected))
    (stroke,) = drawn.strokes
    guess, completed = stroke.guesses
    assert (stroke.solid.count("L"), guess.path.count("L")) == (1, 2)
    assert guess.marks[-1].tip.startswith("3 July, version 1: estimated 0.30 [")
    assert (completed.how, completed.path, len(completed.marks)) == ("completed", "", 1)
    assert "Recall, estimated, version 1: 0.30" in drawn.description
    assert drawn.arriving is None
    # before any label there is nothing else to draw
    assert chart(Trend("1", 0, (), {"estimated": points([0.4, 0.4])})).strokes[0].guesses[0].path


def test_without_points_it_says_why():
    drawn = chart(Trend("1", 0, ()), empty="No labels yet.")
    assert drawn.empty == "No labels yet."
    assert not drawn.strokes


def test_a_threshold_is_within_the_picture():
    drawn = chart(Trend("1", 0, points([0.4])), thresholds=[(0.9, "recall_floor")])
    (label,) = drawn.thresholds
    y, text = label.line, label.text
    assert TOP <= y <= HEIGHT - BOTTOM
    assert text == "recall_floor: 0.9"


values = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=10)


@given(values=values, from_zero=st.booleans(), threshold=st.none() | st.floats(-1e6, 1e6))
def test_everything_is_drawn_inside_the_frame(values, from_zero, threshold):
    lines = [] if threshold is None else [(threshold, "rule")]
    drawn = chart(Trend("1", 0, points(values)), from_zero=from_zero, thresholds=lines)
    for stroke in drawn.strokes:
        for mark in stroke.marks:
            assert LEFT <= mark.x <= WIDTH - RIGHT
            assert TOP <= mark.y <= HEIGHT - BOTTOM


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-6, 1e6))
def test_ticks_enclose_the_values_and_are_few(low, span):
    ticks = nice_ticks(low, low + span)
    slack = span * 1e-6 + abs(low) * 1e-9
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + span - slack
    assert 2 <= len(ticks) <= 8


def test_a_constant_has_a_range():
    assert nice_ticks(5.0, 5.0)[0] < 5.0 < nice_ticks(5.0, 5.0)[-1]
    assert len(nice_ticks(0.0, 0.0)) >= 2


def test_a_very_wide_interval_does_not_flatten_the_values():
    low, high = value_range([0.4, 0.5], [0.0, 1.0], [], from_zero=False)
    assert (low, high) == pytest.approx((0.35, 0.55))


def test_a_place_beyond_the_scale_is_its_end():
    assert Scale(0, 1, 10, 20).place(7) == 20


def test_a_share_that_is_always_0_has_no_area_around_it():
    nothing = [Point(day(at), 0.0, 0.0, 0.004, 900) for at in range(10)]
    (stroke,) = chart(Trend("*", 0, nothing), from_zero=True).strokes
    assert stroke.solid
    assert stroke.band == ""
    once = [*nothing[:-1], Point(day(9), 0.002, 0.001, 0.004, 900)]
    (stroke,) = chart(Trend("*", 0, once), from_zero=True).strokes
    assert stroke.band


@pytest.mark.parametrize(
    "values", [[0.62] * 5 + [0.1] * 5, [0.1] * 5 + [0.62] * 5, [0.5 + at / 50 for at in range(10)]]
)
def test_no_curve_runs_through_the_name_of_a_threshold(values):
    drawn = chart(Trend("1", 0, points(values, spread=0)), thresholds=[(0.6, "recall_floor")], from_zero=True)
    (label,) = drawn.thresholds
    left, top, right, bottom = label.box
    assert not any(left <= mark.x <= right and top <= mark.y <= bottom for mark in drawn.strokes[0].marks)
    assert left >= LEFT
    assert right <= WIDTH - RIGHT
    assert top >= TOP - 2
    assert bottom <= HEIGHT - BOTTOM


def test_names_of_thresholds_close_together_do_not_cover_each_other():
    close = [(0.6, "floor"), (0.61, "other_floor"), (0.59, "third")]
    one, two, three = (
        label.box for label in chart(Trend("1", 0, points([0.2])), thresholds=close).thresholds
    )
    for a, b in ((one, two), (one, three), (two, three)):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
