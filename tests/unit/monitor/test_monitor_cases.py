"""Each `cases/*.yaml` beside the problems that loading it must report, in `cases/*.txt`."""

from pathlib import Path

import pytest

from obs_dagster.metrics.registry import definitions
from obs_dagster.monitor import MonitorError
from obs_dagster.monitor.baseline import BASELINES
from obs_dagster.monitor.engine import ENGINES
from obs_dagster.monitor.loading import load_monitor
from obs_dagster.monitor.source import SOURCES
from obs_dagster.monitor.task import TASKS

CASES = Path(__file__).parent / "cases"
#: Few enough for messages to name them all.
METRICS = {
    name: definitions()[name]
    for name in ("drift_evidence", "error_share", "latency_p95", "precision", "psi", "recall", "volume")
}
#: Cases about metrics of all kinds.
ALL_METRICS = (
    "champion",
    "champion_errors",
    "multiclass",
    "never_fire",
    "no_objectives",
    "objectives",
    "ranking",
    "regression",
    "unlabelled",
    "uplift",
)
#: What messages list is what there is.
KINDS = {"tasks": TASKS, "sources": SOURCES, "baselines": BASELINES, "engines": ENGINES}
ENVIRON = {"BRACES": "{day}/}", "SLACK_TOKEN": "slack://secret"}


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda case: case.stem)
def test_every_mistake_of_a_case_is_reported(case):
    with pytest.raises(MonitorError) as caught:
        load_monitor(case, environ=ENVIRON, metrics=definitions() if case.stem in ALL_METRICS else METRICS)

    reported = str(caught.value).replace(f"{CASES}/", "")
    expected = case.with_suffix(".txt").read_text(encoding="utf-8")
    for what, kinds in KINDS.items():
        expected = expected.replace(f"<{what}>", ", ".join(kinds.all()))

    assert reported.splitlines() == expected.splitlines()


def test_every_expected_output_has_its_input():
    assert {case.stem for case in CASES.glob("*.txt")} == {case.stem for case in CASES.glob("*.yaml")}


def test_ten_mistakes_are_ten_problems_in_the_order_of_the_file():
    with pytest.raises(MonitorError) as caught:
        load_monitor(CASES / "ten_mistakes.yaml", environ={}, metrics=METRICS)

    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (1, "model"),
        (2, "time_zone"),
        (4, "end"),
        (6, "logs.source"),
        (13, "logs.columns.latencyms"),
        (14, "logs.threshold"),
        (16, "features.hour.min"),
        (18, "segments[0]"),
        (24, "alerts[0].metric"),
        (27, "alerts[1].metric"),
    ]
