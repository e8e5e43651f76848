import ast
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.trace import StatusCode
from structlog.contextvars import bound_contextvars

from obs_dagster import workers
from obs_dagster.telemetry import traces
from obs_dagster.telemetry.traces import reference
from obs_dagster.telemetry.traces.attributes import ATTRIBUTES
from obs_dagster.telemetry.traces.ids import root_of_trace

ROOT = Path(__file__).parents[4]


def test_one_run_is_one_trace_whose_ids_follow_from_its_own(ended):
    with traces.run_span("run-1", "night", model="m"), traces.part_of_run("run-1", "stage"):
        with traces.span("scan", rows=3) as scan:
            scan.set(bytes=7)
        assert traces.trace_id() == traces.trace_of_run("run-1")
    night, stage, scan = (ended()[name] for name in ("night", "stage", "scan"))
    assert format(night.context.trace_id, "032x") == traces.trace_of_run("run-1")
    assert format(night.context.span_id, "016x") == root_of_trace(traces.trace_of_run("run-1"))
    assert (stage.parent.span_id, scan.parent.span_id) == (night.context.span_id, stage.context.span_id)
    assert (scan.attributes["obs.rows"], scan.attributes["obs.bytes"]) == (3, 7)
    assert night.attributes["obs.run_id"] == "run-1"


def test_a_part_in_another_process_hangs_below_the_run_that_it_cannot_see(ended):
    with traces.part_of_run("run-2", "stage"):
        pass
    stage = ended()["stage"]
    assert format(stage.context.trace_id, "032x") == traces.trace_of_run("run-2")
    assert format(stage.parent.span_id, "016x") == root_of_trace(traces.trace_of_run("run-2"))


@pytest.mark.parametrize("share", ["0", "0.5", "1"])
def test_every_process_samples_a_run_alike(begin_anew, share):
    by_ratio = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": share}
    begin_anew(OBS_TRACES="otlp", **by_ratio)
    kept = set()
    for number in range(40):
        run_id = f"run-{number}"
        with traces.run_span(run_id, "night"):
            here = bool(traces.trace_id())
            assert bool(traces.kept_trace(run_id)) == here
        with traces.part_of_run(run_id, "stage"):
            assert bool(traces.trace_id()) == here
        kept.add(here)
    assert kept == {"0": {False}, "0.5": {False, True}, "1": {True}}[share]


def test_what_is_raised_is_on_the_span_without_secrets(ended, monkeypatch):
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2hunter2")
    with pytest.raises(ValueError, match="hunter2"), traces.run_span("run-3", "night"):
        raise ValueError("no login with hunter2hunter2")
    night = ended()["night"]
    event = night.events[0]
    assert night.status.status_code is StatusCode.ERROR
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no login with ***"
    assert "hunter2" not in f"{night.status.description} {dict(event.attributes)}"


def test_nothing_happens_outside_of_a_night(ended):
    with traces.span("query"):
        assert not traces.trace_id()
    assert not ended()


def test_spans_tell_what_is_bound_for_the_log(ended):
    about = bound_contextvars(model="m", stage="drift", other="x")
    with about, traces.run_span("run-4", "night"), traces.span("scan"):
        pass
    assert dict(ended()["scan"].attributes) == {"obs.model": "m", "obs.stage": "drift"}


def _work() -> str:
    with traces.span("work", rows=5):
        return traces.trace_id()


def _fail() -> None:
    with traces.span("failing"):
        raise RuntimeError("no memory")


def test_spans_of_other_processes_come_back_with_the_result(ended, monkeypatch):
    beside = workers.Workers(1)
    with bound_contextvars(model="m"), traces.run_span("run-5", "night"):
        assert beside.begin(_work)() == traces.trace_of_run("run-5")
        with pytest.raises(RuntimeError, match="no memory"):
            beside.begin(_fail)()
    beside.close()
    night, work, failing = (ended()[name] for name in ("night", "work", "failing"))
    assert work.parent.span_id == failing.parent.span_id == night.context.span_id
    assert dict(work.attributes) == {"obs.model": "m", "obs.rows": 5}
    assert failing.events[0].attributes["exception.message"] == "no memory"
    assert work.resource.attributes["service.name"] == "obs-dagster"


def test_what_started_the_program_is_linked(ended, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    with traces.run_span("run-6", "night"):
        pass
    assert f"{ended()['night'].links[0].context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"


def test_carried_work_is_pickled_with_nothing_of_opentelemetry_in_it(begin_anew):
    with bound_contextvars(model="m"):
        carried = traces.carried(_work)
    assert b"opentelemetry" not in pickle.dumps(carried)
    assert carried.received(carried) == ""


def test_off_nothing_is_imported():
    """Of ours: MLflow imports OpenTelemetry for itself."""
    code = (
        "import sys, assets.graph, jobs.execution, obs_dagster.workers\n"
        "from obs_dagster.telemetry import traces\n"
        "with traces.run_span('r', 'n'), traces.part_of_run('r', 's'), traces.span('x', rows=1) as span:\n"
        "    span.set(rows=2); span.failed('why'); traces.deliver_now(); traces.carried(print)\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": ""}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


_MAKERS = ("span", "traced", "run_span", "part_of_run", "part_of_trace")


def _calls():
    for folder in ("obs_dagster", "assets", "jobs"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text()
            if "telemetry.traces" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Call) and _name(node.func) in _MAKERS:
                    yield file.relative_to(ROOT), node


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def test_every_span_has_known_attributes():
    unknown = [
        f"{file}:{call.lineno}: {keyword.arg}"
        for file, call in _calls()
        for keyword in call.keywords
        if keyword.arg is not None and keyword.arg not in ATTRIBUTES
    ]
    assert not unknown


def test_the_page_has_every_attribute():
    page = (ROOT / "docs" / "traces.md").read_text()
    assert reference.written(page) == page, "python -m obs_dagster.telemetry.traces.reference"
