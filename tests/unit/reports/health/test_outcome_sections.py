"""What a task shows of its outcomes, as the page lays it out."""

import re

import pytest

from obs_dagster.evaluation.examples import Example
from obs_dagster.reports.health.sections import draw_section
from obs_dagster.tasks.sections import Curve, CurvePoint, Listing, Matrix

HOSTILE = "<script>alert('&')</script>"
CURVE = Curve(
    "Predicted against actual",
    "mean prediction",
    "mean actual",
    [CurvePoint(10, 12, 11, 13, 100), CurvePoint(20, 19, 15, 23, 100), CurvePoint(30, 35)],
    diagonal=True,
)


def numbers(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"([-\d.]+),([-\d.]+)", path)]


def test_a_curve_lies_where_its_numbers_say():
    drawn = draw_section(CURVE)
    places = [(mark.x, mark.y) for mark in drawn.marks]
    assert numbers(drawn.path) == places
    assert [x for x, _ in places] == sorted(x for x, _ in places)
    assert places[2][1] < places[1][1] < places[0][1]  # SVG counts downwards
    first, last = numbers(drawn.diagonal)
    slope = (last[1] - first[1]) / (last[0] - first[0])
    for mark, point in zip(drawn.marks, CURVE.points, strict=True):
        on_diagonal = first[1] + slope * (mark.x - first[0])
        assert (mark.y < on_diagonal) == (point.y > point.x)
    assert drawn.marks[0].high < drawn.marks[0].y < drawn.marks[0].low
    assert drawn.marks[2].low is None
    assert drawn.marks[1].tip == "mean prediction 20: mean actual 19 [15, 23], n = 100"


@pytest.mark.parametrize(
    "points",
    [
        [CurvePoint(5, 5)],
        [CurvePoint(1e300, -1e300), CurvePoint(1.1e300, 1e300)],
        [CurvePoint(float("nan"), 1), CurvePoint(1, float("inf")), CurvePoint(0, 0)],
        [CurvePoint(1e9, 1e9 + 1), CurvePoint(1e9 + 2, 1e9)],
    ],
    ids=["one point", "huge", "no numbers", "far from zero"],
)
@pytest.mark.parametrize("diagonal", [False, True])
def test_whatever_a_curve_holds_it_stays_within_its_frame(points, diagonal):
    drawn = draw_section(Curve("t", "x", "y", points, diagonal=diagonal))
    for x, y in numbers(drawn.path):
        assert drawn.left <= x <= drawn.right
        assert drawn.top <= y <= drawn.bottom


def test_what_has_no_rows_says_so(render):
    sections = [
        Curve("Curve", "x", "y", [], empty="No curve."),
        Matrix("Matrix", "r", "c", ["a"], ["a"], [[0]], empty="No matrix."),
        Listing("Listing", ["a"], [], empty="No listing."),
    ]
    page = render(sections={"2": sections})
    assert all(each.empty in page for each in sections)


def test_sections_are_shown_by_version_and_escaped(render):
    matrix = Matrix(
        "Confusion", "true", "predicted", [HOSTILE, "b"], [HOSTILE, "b"], [[3, 1], [0, 0]], note="a note"
    )
    listing = Listing(HOSTILE, ["class", "rows"], [[HOSTILE, "1,234"]], numeric=frozenset({1}))
    page = render(sections={"2": [CURVE, matrix, listing]})
    assert "How right it is" in page
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 4
    assert "75 %" in page
    assert "1,234" in page
    assert "How right it is" not in render()
    assert "How right it is" not in render(sections={"unheard of": [CURVE]})
    drawn = draw_section(matrix)
    assert [cell.shade for cell in drawn.rows[0][1]] == [0.75, 0.25]
    assert drawn.rows[0][1][0].right
    assert drawn.rows[1][1][1].share == ""


def test_objectives_are_shown_where_there_are_some(render, season):
    promised = season.monitor(objectives={"latency": {"under_ms": 300, "target": 0.99}})
    page = render(monitor=promised, hours={"2": [CURVE]})
    assert "What it promises" in page
    assert "Budget left, latency" in page
    # that is not promised
    assert "Budget left, availability" not in page
    assert "What it promises" not in render()


def test_requests_to_look_at_lead_to_their_traces(render):
    example = Example("failed", "2", HOSTILE, "0af7", HOSTILE)
    page = render(examples=[(example, "https://traces.example/0af7"), (example, "")])
    assert page.count('<a href="https://traces.example/0af7"') == 1
    assert page.count("<code>0af7</code>") == 2
    assert HOSTILE not in page
    assert "Requests to look at" not in render()
