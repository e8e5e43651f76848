import pytest
from dagster._utils.schedules import is_valid_cron_schedule
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_dagster.monitor.cron import cron_mistake


@pytest.mark.parametrize(
    "expression",
    [
        "0 5 * * *",
        "*/15 0-6 1,15 jan-mar MON-FRI",
        "0 0 29 2 *",
        "0 0 * * 7",
        "5-59/10 * * * *",
    ],
)
def test_a_sound_expression_has_no_mistake(expression):
    assert cron_mistake(expression) is None
    assert is_valid_cron_schedule(expression)


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        ("0 5 * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        ("60 * * * *", "'60' is no minute; legal are 0 to 59"),
        ("000099 * * * *", "'000099' is no minute"),
        ("0 5 0 * *", "'0' is no day of the month"),
        ("0 5 * foo *", "'foo' is no month; legal are 1 to 12 and jan to dec"),
        ("0 5 * * 8", "'8' is no day of the week"),
        ("0 5-3 * * *", "'5-3': the range of the hour runs backwards"),
        ("*/0 * * * *", "'0' is no step"),
        ("*/ * * * *", "'' is no step"),
        ("5/10 * * * *", "'5/10': a step needs"),
        ("0 5 30 2 *", "no such date exists"),
        ("0 5 31 4,6 *", "no such date exists"),
        ("0 5 31 2 1", "no such date exists"),
        ("1,,2 * * * *", "'' is no minute"),
        ("-1 * * * *", "'' is no minute"),
        ("٣ * * * *", "'٣' is no minute"),
    ],
)
def test_a_mistake_is_named(expression, mistake):
    assert mistake in cron_mistake(expression)


NUMBERS = st.integers(0, 62).map(str)
RANGES = st.tuples(NUMBERS, NUMBERS).map("-".join)
NAMES = st.sampled_from(["jan", "Dec", "sun", "SAT", "x"])
SPANS = st.just("*") | NUMBERS | RANGES | NAMES
TERMS = SPANS | st.tuples(st.just("*") | RANGES, NUMBERS).map("/".join)
FIELDS = st.lists(TERMS, min_size=1, max_size=3).map(",".join)


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.just("*") | FIELDS, min_size=5, max_size=5))
def test_what_is_accepted_the_scheduler_accepts_too(parts):
    expression = " ".join(parts)

    if cron_mistake(expression) is None:
        assert is_valid_cron_schedule(expression)
