import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from obs_dagster import figures
from obs_dagster.metrics.registry import definitions
from obs_dagster.verdict.wording import beside, labels_in, limit, number

METRICS = st.sampled_from(sorted(definitions()))
PERCENT = [name for name, each in definitions().items() if each.written == "percent"]


def read(text):
    """The number that a reader takes from a text, and the bound that it states if it is none."""
    bound = text[0] if text[0] in "<>" else ""
    plain = text.lstrip("<>").replace(",", "").replace("−", "-")  # noqa: RUF001
    return float(plain.split()[0]) / (100 if plain.endswith("%") else 1), bound


@given(METRICS, st.floats(0, 1), st.floats(0, 1))
@example("recall", 0.963, 0.965)
@example("recall", 0.9649999, 0.965)
@example("quarantined_share", 0.05004, 0.05)
@example("psi", 1e-9, 0.0)
def test_a_value_is_on_its_side_of_the_threshold_beside_it(metric, value, threshold):
    shown, bound = read(beside(metric, value, threshold))
    held, _ = read(limit(metric, threshold))
    assert held == pytest.approx(threshold, rel=1e-12, abs=0)
    if bound:
        assert value < held if bound == "<" else value > held
        assert shown <= held if bound == "<" else shown >= held
    else:
        tiny = 1e-12 * max(abs(held), 1e-300)
        assert (shown > held + tiny) == (value > held + tiny) or abs(value - held) <= 2 * tiny
        assert (shown < held - tiny) == (value < held - tiny) or abs(value - held) <= 2 * tiny


@given(st.sampled_from(PERCENT), st.floats(0, 1, exclude_min=True, exclude_max=True))
@example("label_coverage", 0.9996)
@example("label_coverage", 1 - 1e-12)
@example("missing_share", 1e-12)
def test_only_all_is_100_percent_and_only_nothing_is_0(metric, share):
    shown, bound = read(number(metric, share))
    assert bound or 0 < shown < 1
    assert read(number(metric, -share))[0] != 0


@given(st.floats(0, 1, exclude_max=True))
def test_only_1_reads_1(value):
    shown, bound = read(number("roc_auc", value))
    assert shown < 1 or bound == "<"


@given(st.floats(-1e14, 1e14))
def test_a_threshold_is_written_as_it_is_given(value):
    assert read(figures.given(value))[0] == value


def test_labels_that_are_not_complete_are_never_all_in():
    assert labels_in(0.99999999) == "labels not complete, >99.999 % in"
    assert "not complete" not in labels_in(1.0)
