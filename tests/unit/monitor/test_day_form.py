"""Days in paths: forms of their own, and what a path names of them."""

import datetime as dt

import pytest

from obs_dagster.monitor.day_form import Period, mistakes, period, read, written

DAY = dt.date(2024, 3, 4)


@pytest.mark.parametrize(
    ("form", "text"),
    [("%Y%m%d", "20240304"), ("%-d.%-m.%y", "4.3.24"), ("%Y/%j", "2024/064"), ("%Y-%m-%d", "2024-03-04")],
)
def test_a_form_is_read_as_it_is_written(form, text):
    assert written(DAY, form) == text
    assert read([(form, text)]) == DAY


def test_parts_that_tell_of_different_days_tell_of_none():
    assert read([("%Y-%m", "2024-03"), ("%Y-%m-%d", "2024-03-04")]) == DAY
    assert read([("%Y-%m", "2024-04"), ("%Y-%m-%d", "2024-03-04")]) is None
    assert read([("%Y%m%d", "20240230")]) is None
    assert read([("%Y%m%d", "latest")]) is None


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("{day}.csv", Period.DAY),
        ("{day:%Y}/{day:%j}/*.csv", Period.DAY),
        ("year={day:%Y}/month={day:%-m}/*.csv", Period.MONTH),
        ("{day:%Y}.csv", Period.YEAR),
        ("log.csv", Period.ALWAYS),
    ],
)
def test_a_path_names_a_period(path, names):
    assert period(path) is names
    assert list(mistakes(path)) == []


def test_forms_that_are_none_are_named():
    assert "%H" in next(mistakes("{day:%Y-%m-%d}/{day:%H}.csv"))
    assert "without the year" in next(mistakes("{day:%m}.csv"))
    assert "no part of a day" in next(mistakes("{day}/{day:x}.csv"))
