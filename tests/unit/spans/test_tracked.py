"""Traces on an MLflow server: of a day, in pages, as an export of them would be read."""

import datetime as dt
import warnings

import pytest

from jobs.cli.check_components import look_at_components
from obs_dagster.errors import SourceError
from obs_dagster.metrics.components.usage import SCORE
from obs_dagster.monitor.model import Monitor
from obs_dagster.spans import tracked
from obs_dagster.spans.counting import reduce_spans
from obs_dagster.spans.reading import SpanFiles, day_bounds
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import WHOLE_REQUEST
from obs_dagster.spans.tracked import TrackedDay

DAY = dt.date(2024, 3, 5)
MILLISECOND = 10**6
REQUESTS = {DAY - dt.timedelta(1): 2, DAY: 7, DAY + dt.timedelta(1): 1}


def monitor_in(root, **components):
    keys = {
        "model": "answers",
        "start": "2024-03-01",
        "logs": {
            "source": "parquet",
            "path": "logs/{day}.parquet",
            "columns": {"time": "at", "score": "score"},
        },
        "features": {"temp": {"type": "number"}},
        "baseline": {"kind": "rolling", "days": 7},
        "components": components,
    }
    return Monitor.model_validate(keys, context=root / "answers.yaml")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A tracking store with ten requests of three days, three spans each, some of which were judged."""
    # what MLflow loads for a trace has remarks of its own
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _traced(tmp_path_factory.mktemp("tracking"))


def _traced(root):
    import mlflow
    from mlflow import MlflowClient
    from mlflow.entities import AssessmentSource

    uri = f"sqlite:///{root / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment = client.create_experiment("answers", artifact_location=str(root / "artifacts"))
    judged = []
    for day, number in REQUESTS.items():
        for place in range(number):
            # the last request of a day ends on the next one
            clock = dt.time(23, 59, 59) if place == number - 1 else dt.time(place)
            began = int(dt.datetime.combine(day, clock, dt.UTC).timestamp()) * 10**9
            root_span = client.start_trace("answer", experiment_id=experiment, start_time_ns=began)
            for name, kind, begin, end in (
                ("search", "RETRIEVER", 10, 60),
                ("gpt", "CHAT_MODEL", 60, 1500 + 100 * place),
            ):
                child = client.start_span(
                    name,
                    root_span.trace_id,
                    root_span.span_id,
                    span_type=kind,
                    start_time_ns=began + begin * MILLISECOND,
                )
                client.end_span(root_span.trace_id, child.span_id, end_time_ns=began + end * MILLISECOND)
                if day == DAY and name == "search":
                    judged.append((root_span.trace_id, child.span_id))
            client.end_trace(root_span.trace_id, end_time_ns=began + (1600 + 100 * place) * MILLISECOND)
    mlflow.flush_trace_async_logging()

    def judge(name, value, trace, span=None):
        source = AssessmentSource(source_type="LLM_JUDGE", source_id="judge")
        mlflow.set_tracking_uri(uri)
        mlflow.log_feedback(trace_id=trace, name=name, value=value, span_id=span, source=source)

    for place, (trace, search) in enumerate(judged):
        judge("relevance", place / 10, trace, search)
        judge("helpful", place % 2 == 0, trace)
    return uri, client, experiment, lambda: judge("tone", 1.0, *judged[0])


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of three traces, and of two where spans are left out."""
    monkeypatch.setattr(tracked, "_PAGE", 3)
    monkeypatch.setattr(tracked, "_LISTED", 2)


def reduced(monitor, day=DAY):
    found = TrackedDay.of(monitor, day)
    with found.files() as files:
        counts = reduce_spans(files, Selected(monitor.components, *day_bounds(monitor, day))).counts
        return found, counts, files


@pytest.mark.usefixtures("small_pages")
def test_a_day_is_read_as_its_export_is(server, tmp_path):
    uri, client, experiment, _ = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    found, counts, files = reduced(monitor)
    assert found.number == REQUESTS[DAY]
    assert counts.usage(WHOLE_REQUEST).of("took").n == REQUESTS[DAY]
    assert counts.components == ["llm gpt", "request", "retriever search"]
    # the traces themselves are gone once they are counted
    assert not files.files[0].exists()
    exported = client.search_traces(locations=[experiment], max_results=100)
    (tmp_path / "traces.jsonl").write_text("\n".join(each.to_json() for each in exported))
    beside = monitor_in(tmp_path, path="traces.jsonl")
    selected = Selected(beside.components, *day_bounds(beside, DAY))
    assert reduce_spans(SpanFiles.of(beside, DAY), selected).counts.table.equals(counts.table)


def test_what_judges_said_is_a_score_of_what_they_judged(server, tmp_path):
    uri, *_ = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    _, counts, _ = reduced(monitor)
    relevance = counts.usage("retriever search").of(f"{SCORE}relevance")
    assert (relevance.n, relevance.total) == (7, pytest.approx(2.1))
    # what is said of a trace is about the request
    helpful = counts.usage("request").of(f"{SCORE}helpful")
    assert (helpful.n, helpful.total) == (7, 4)


def test_a_day_has_changed_when_anything_was_said_of_it(server, tmp_path):
    uri, _, _, judge_again = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    before, later = TrackedDay.of(monitor, DAY), DAY + dt.timedelta(1)
    others = TrackedDay.of(monitor, later)
    assert TrackedDay.of(monitor, DAY).stamp == before.stamp != others.stamp
    judge_again()
    assert TrackedDay.of(monitor, DAY).stamp != before.stamp
    assert TrackedDay.of(monitor, later).stamp == others.stamp


def test_the_check_looks_at_the_last_day(server, tmp_path):
    uri, *_ = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    spans, components = look_at_components(monitor)
    assert spans.status == "ok"
    assert "the last day has 1 of 1 requests" in spans.detail
    assert components.detail == "llm gpt, retriever search"


def test_a_day_without_traces_is_none(server, tmp_path):
    uri, *_ = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    found, counts, _ = reduced(monitor, DAY + dt.timedelta(20))
    assert (found.number, counts.table.num_rows) == (0, 0)


def test_an_experiment_that_is_not_there_is_named(server, tmp_path):
    uri, *_ = server
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answer"], "tracking_uri": uri})
    with pytest.raises(SourceError, match=r"no experiment 'answer'.*components\.mlflow\.experiments"):
        TrackedDay.of(monitor, DAY)


def test_a_server_that_does_not_answer_is_named(tmp_path):
    uri = "http://127.0.0.1:9"
    monitor = monitor_in(tmp_path, mlflow={"experiments": ["answers"], "tracking_uri": uri})
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9.*tracking_uri"):
        TrackedDay.of(monitor, DAY)
