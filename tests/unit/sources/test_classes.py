"""Values of two classes in whatever type and spelling they come."""

import decimal
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.sources.classes import Classes, word

TRUTH = Classes.of("true")


@cache
def session():
    """One for all examples: opening one takes longer than any of them."""
    return duckdb.connect()


def read(values, classes=TRUTH):
    """What values are read as, and the text of those that are of neither class."""
    relation = session().from_arrow(pa.table({"x": values}))
    kind = str(relation.types[0])
    rows = relation.project(f"{classes.sql('x', kind)}, {classes.unusable('x', kind)}").fetchall()
    return [label for label, _ in rows], [text for _, text in rows]


SPELLINGS = [
    pa.array([True, False, None]),
    pa.array([1, 0, None], pa.int8()),
    pa.array([1, 0, None], pa.uint64()),
    pa.array([1.0, 0.0, None]),
    pa.array([1.0, -0.0, float("nan")], pa.float32()),
    pa.array([decimal.Decimal("1.00"), decimal.Decimal("0.00"), None], pa.decimal128(5, 2)),
    pa.array(["1", "0", None]),
    pa.array(["1.0", "0.000", " "]),
    pa.array([" 1 ", "0\n", ""]),
    pa.array(["+1", "-0", None]),
    pa.array(["1e0", "0e0", None]),
    pa.array(["True", "FALSE", None]),
    pa.array(["T", "f", "\t"]),
    pa.array(["yes", "No", None]),
    pa.array(["Y\u00a0", "n", None]),
    pa.array(["on", "off", None]),
    pa.array([b"yes", b"no", None]),
    pa.array(["yes", "no", None]).dictionary_encode(),
]


@pytest.mark.parametrize("values", SPELLINGS, ids=str)
@pytest.mark.parametrize("positive", [True, 1, "1", "yes", "Y", "TRUE", "1.0", " t "], ids=repr)
def test_every_spelling_of_true_and_false_is_known(values, positive):
    assert read(values, Classes.of(positive)) == ([True, False, None], [None] * 3)


@pytest.mark.parametrize("values", SPELLINGS, ids=str)
@pytest.mark.parametrize("positive", [False, 0, "no", "0.0"], ids=repr)
def test_false_can_be_the_positive_class(values, positive):
    assert read(values, Classes.of(positive)) == ([False, True, None], [None] * 3)


@pytest.mark.parametrize(
    "value",
    [
        2,
        -1,
        0.5,
        1.5,
        float("inf"),
        2**63,
        "2",
        "-1",
        "pending",
        "maybe",
        "tru",
        "yess",
        "0.9999999999",
        "1,0",
        b"\xff",
    ],
    ids=repr,
)
def test_anything_else_is_of_neither_class_and_named(value):
    kind = pa.uint64() if value == 2**63 else None
    labels, texts = read(pa.array([value], kind))
    assert labels == [None]
    shown = "inf" if value == float("inf") else str(value)
    assert texts == [None if isinstance(value, bytes) else shown]


@settings(deadline=None, max_examples=20)
@given(st.text(max_size=12))
def test_a_text_has_a_class_only_if_its_word_has(text):
    expected = True if word(text) in TRUTH.positive else False if word(text) in TRUTH.negative else None
    assert read(pa.array([text]))[0] == [expected]


@settings(deadline=None, max_examples=20)
@given(st.floats(width=64) | st.integers(-5, 5).map(float))
def test_a_number_has_a_class_only_if_it_is_one_or_nought(number):
    assert read(pa.array([number]))[0] == [{1.0: True, 0.0: False}.get(number)]


def test_values_of_the_negative_class_can_be_named():
    labels, texts = read(pa.array([2, 1, 0, 3]), Classes.of(2, (0, 1)))
    assert labels == [True, False, False, None]
    assert texts == [None, None, None, "3"]
    assert read(pa.array([1, -1, 0]), Classes.of(1, (-1,)))[0] == [True, False, None]
    assert read(pa.array(["Late ", "ON TIME", "no"]), Classes.of("late", ("on time",)))[0] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"late": 3, "on time": 7}, "on time"),
        ({"late": 3, "On Time": 7, "ON TIME": 1}, "on time"),
        ({"late": 3, "on time": 7, "pending": 90, "?": 1, "": 4}, "on time"),
        ({"late": 3, "on time": 7, "cancelled": 1}, None),
        ({"on time": 7}, None),
        ({"lat": 3, "on time": 7}, None),
        ({"late": 3, "pending": 4}, None),
        ({"late": 0, "on time": 7}, None),
        ({"late": 3}, None),
        ({}, None),
    ],
)
def test_the_only_other_value_is_the_negative_class(counts, expected):
    assert Classes.of("late").opposite(counts) == expected


@pytest.mark.parametrize(
    ("positive", "negative", "decisions", "expected"),
    [
        (True, (), [1, 0, 2], [True, False, None]),
        ("late", (), ["late", "on time", "true", "0"], [True, None, True, False]),
        ("late", ("on time",), ["late", "on time"], [True, False]),
        ("late", (), [True, False], [True, False]),
        (2, (1,), [1, 2, 0], [False, True, None]),
        (2, (), [1, 2, 0], [None, True, None]),
        (2, (), [True, False], [True, False]),
        (0, (), [0, 1], [True, False]),
        (0, (), ["0", "1.0", "0.0"], [True, False, True]),
        (0, (), [True, False], [None, None]),
        (0, (), ["no", "yes", "f", "off"], [None] * 4),
        (0, (1,), [0, 1, 2], [True, False, None]),
        (0, (2,), [0, 1, 2], [True, None, False]),
        (0, (1, 2), [0, 1, 2], [True, False, False]),
        (False, (), [True, False], [False, True]),
        (False, (), ["T", "F", "true"], [False, True, False]),
        (False, (), [1, 0], [None, None]),
        ("no", (), ["Yes", "N", "false", "0"], [False, True, None, None]),
        ("off", ("on",), ["on", "off", "no"], [False, True, None]),
        (-1, (1,), [-1, 1, 0], [True, False, None]),
        (-1, (1,), [True, False], [None, None]),
        ("broken", ("ok", "1"), ["broken", "1", "true", "0"], [True, False, None, None]),
        (2, (1,), ["true", "no"], [True, False]),
        (1, (-1,), [1, -1, 0], [True, False, None]),
    ],
)
def test_decisions_that_are_written_as_labels_are_mean_the_same(positive, negative, decisions, expected):
    assert read(pa.array(decisions), Classes.as_labelled(positive, negative))[0] == expected


def test_classes_never_overlap():
    values = [True, False, 0, 1, "yes", "no", "t", "late", 2, -1]
    for positive in values:
        for negative in [(), *((each,) for each in values if word(each) != word(positive))]:
            for classes in (Classes.of(positive, negative), Classes.as_labelled(positive, negative)):
                assert word(positive) in classes.positive
                assert {word(each) for each in negative} <= classes.negative
                assert not classes.positive & classes.negative, (positive, negative)


def test_numbers_of_no_class_do_not_become_one_by_rounding():
    assert read(pa.array(np.nextafter([1.0, 0.0], 2)))[0] == [None, None]
