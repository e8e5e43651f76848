import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_dagster.explain.canvas import Axis, Canvas, fitted, text_width, ticks

FINITE = st.floats(-1e9, 1e9, allow_subnormal=False)


def pixels(canvas):
    from matplotlib.image import imread

    return imread(io.BytesIO(canvas.png()))[:, :, :3]


@given(FINITE, st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_within_the_range(low, span):
    values, labels = ticks(low, low + span)
    assert len(labels) == len(values) <= 8
    assert all(low <= value <= low + span for value in values)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-50.0, 40.0, ["−40", "−20", "0", "20", "40"]),  # noqa: RUF001
        (0.0, 2e-9, ["0", "5e−10", "1e−09", "1.5e−09", "2e−09"]),  # noqa: RUF001
    ],
)
def test_ticks_are_written_as_people_do(low, high, expected):
    assert ticks(low, high)[1] == expected


@given(st.text(max_size=80), st.integers(20, 300))
def test_text_is_shortened_to_its_width_and_to_one_line(text, width):
    line = fitted(text, 16, width)
    assert "\n" not in line
    assert text_width(line, 16) <= width or line == "…"


def test_a_dot_is_round_smooth_and_where_it_belongs():
    canvas = Canvas(40, 40)
    canvas.dots(np.array([20.0]), np.array([12.5]), [(0, 0, 0)], 8.0)
    ink = 1 - pixels(canvas)[:, :, 0]
    assert ink.sum() == pytest.approx(np.pi * 16, rel=0.02)
    assert len(np.unique(ink)) > 3
    rows, columns = np.arange(40) + 0.5, np.arange(40) + 0.5
    assert (ink.sum(axis=1) @ rows) / ink.sum() == pytest.approx(12.5, abs=0.05)
    assert (ink.sum(axis=0) @ columns) / ink.sum() == pytest.approx(20.0, abs=0.05)


def test_the_last_dot_is_on_top():
    canvas = Canvas(20, 20)
    canvas.dots(np.array([10.0, 10.0]), np.array([10.0, 10.0]), [(255, 0, 0), (0, 0, 255)], 6.0)
    np.testing.assert_array_equal(pixels(canvas)[10, 10], [0, 0, 1])


def test_an_axis_of_one_value_has_a_place_for_it():
    assert np.isfinite(Axis(1.0, 1.0, 0.0, 100.0).x(np.array([1.0]))).all()
