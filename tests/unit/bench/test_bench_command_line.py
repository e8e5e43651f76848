import pytest

from bench.options import Options, parse
from bench.parts import PARTS
from bench.parts.evaluation import TOOLS


def parsed(*arguments) -> Options:
    return parse(arguments, list(PARTS), TOOLS)


def test_nothing_asked_for_is_everything_and_the_report():
    options = parsed()
    assert options.parts == tuple(PARTS)
    assert options.report
    assert options.rows == ()


def test_a_part_is_measured_without_the_report():
    options = parsed("evaluation", "--rows", "1M", "100k", "--tools", "obs-dagster")
    assert (options.parts, options.report) == (("evaluation",), False)
    assert options.rows == (1_000_000, 100_000)
    assert options.tools == ("obs-dagster",)


def test_the_report_alone_measures_nothing():
    options = parsed("report")
    assert (options.parts, options.report) == ((), True)


def test_limits_are_given_in_seconds_and_gigabytes():
    limits = parsed("scan", "--seconds", "60", "--memory", "2.5").limits
    assert (limits.seconds, limits.memory) == (60, 2_500_000_000)


def test_many_rows_are_measured_once():
    options = parsed("scan", "--repeats", "5")
    assert (options.repeats_at(1_000_000), options.repeats_at(10_000_000)) == (5, 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nights"], "there is no part 'nights'; there are evaluation,"),
        (["scan", "--rows", "many"], "'many' is no number of rows such as 250, 10k or 1M"),
        (["scan", "--rows", "0"], "'0' is no number of rows"),
        (["scan", "--repeats", "0"], "--repeats is at least 1"),
        (["evaluation", "--tools", "excel"], "invalid choice: 'excel'"),
    ],
)
def test_a_mistake_is_named(arguments, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        parsed(*arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err
