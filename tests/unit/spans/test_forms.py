"""One request, as each tool is documented to write it: what is read is the same."""

import datetime as dt
import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.monitor.system import Components
from obs_dagster.sources.file_stamp import FileStamp
from obs_dagster.sources.files import connect
from obs_dagster.spans.counting import reduce_spans
from obs_dagster.spans.form import FORMS
from obs_dagster.spans.moments import nanoseconds
from obs_dagster.spans.reading import SpanFiles, shape_of, spans_query
from obs_dagster.spans.selection import Selected

WRITTEN = Path(__file__).parent / "written"
BEGAN = 1_772_359_200_000_000_000
HOUR = 3_600_000_000_000
ASKED = {
    "path": "spans.jsonl",
    "names": {"reranker bge": "rerank"},
    "prices": {"gpt-4o*": {"input": 2.5, "output": 10, "cached": 1.25}},
}
# the component, when it begins and ends in milliseconds from the beginning of the request, whether it failed
REQUEST = [
    (None, 0, 1000, 0),
    ("retriever vector_search", 50, 250, 0),
    ("tool lookup", 60, 100, 1),
    ("reranker bge", 250, 400, 0),
    ("llm gpt-4o", 400, 950, 0),
]
FORM = {
    "console.jsonl": "span_lines",
    "mlflow_2.json": "mlflow_traces",
    "mlflow_3.jsonl": "mlflow_traces",
    "mlflow_search.jsonl": "mlflow_traces",
    "otlp_gen_ai.jsonl": "otlp",
    "otlp_openinference.jsonl": "otlp",
    "phoenix_frame.jsonl": "span_table",
    "phoenix_rest.json": "span_lines",
}


def found(*files, **asked):
    window = SpanFiles(tuple(files), BEGAN - HOUR, BEGAN + HOUR, ())
    with connect() as connection:
        query = spans_query(connection, Components(**ASKED | asked), window)
        if query is None:
            return []
        return connection.sql(f"SELECT * FROM ({query}) ORDER BY began, id").to_arrow_table().to_pylist()


def request_of(rows):
    spans = {row["id"]: row for row in rows}
    root = next(row for row in rows if not row["parent"])
    assert len({row["trace"] for row in rows}) == 1
    assert all(spans[row["parent"]] is root for row in rows if row["parent"])
    return [
        (row["component"], (row["began"] - BEGAN) // 10**6, (row["ended"] - BEGAN) // 10**6, row["failed"])
        for row in rows
    ]


@pytest.mark.parametrize("name", sorted(FORM))
def test_a_request_is_read_as_each_tool_writes_it(name):
    with connect() as connection:
        assert shape_of(connection, WRITTEN / name).form.name == FORM[name]
    rows = found(WRITTEN / name)
    # MLflow's spans have no name of the reranker's model
    named = [
        ("reranker bge" if str(row["component"]).startswith("reranker") else row["component"]) for row in rows
    ]
    assert request_of([{**row, "component": each} for row, each in zip(rows, named, strict=True)]) == REQUEST
    llm = rows[-1]
    assert (llm["tokens_in"], llm["tokens_out"], llm["cached"]) == (120, 30, 20)
    # what the span says it cost, or 100 tokens at 2.5, 20 at 1.25 and 30 at 10 a million
    assert llm["cost"] == pytest.approx(0.000575 if "gen_ai" in name else 0.0006)


def test_every_form_has_a_file_here():
    assert set(FORM.values()) == set(FORMS.all())
    assert set(FORM) == {file.name for file in WRITTEN.iterdir()}


def test_a_frame_as_parquet(tmp_path):
    frame = pd.read_json(WRITTEN / "phoenix_frame.jsonl", lines=True)
    for column in ("start_time", "end_time"):
        frame[column] = pd.to_datetime(frame[column], unit="ms", utc=True)
    frame.drop(columns="events").set_index("context.span_id").to_parquet(tmp_path / "spans.parquet")
    assert request_of(found(tmp_path / "spans.parquet")) == REQUEST


def test_files_of_several_forms_and_compressed_ones_are_read_together(tmp_path):
    packed = tmp_path / "spans.jsonl.gz"
    packed.write_bytes(gzip.compress((WRITTEN / "otlp_openinference.jsonl").read_bytes()))
    (tmp_path / "empty.jsonl").write_bytes(b"")
    rows = found(packed, tmp_path / "empty.jsonl", WRITTEN / "console.jsonl")
    assert len(rows) == 10
    assert len({row["trace"] for row in rows}) == 2


def test_mlflow_writes_what_is_read(tmp_path):
    """The library itself, not what its documentation says."""
    from mlflow.entities.trace import Trace

    text = (WRITTEN / "mlflow_3.jsonl").read_text()
    again = Trace.from_json(text).to_json()
    (tmp_path / "trace.json").write_text(again)
    rows = found(tmp_path / "trace.json")
    assert [row["component"] for row in rows][-1] == "llm gpt-4o"
    assert rows[-1]["tokens_in"] == 120
    assert len(rows) == 5


def test_opentelemetry_writes_what_is_read(tmp_path):
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

    lines = []

    class Lines(SpanExporter):
        def export(self, spans):
            lines.extend(span.to_json(indent=None) for span in spans)
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Lines()))
    tracer = provider.get_tracer("x")
    with tracer.start_as_current_span("rag", start_time=BEGAN):
        told = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 7}
        tracer.start_span("chat m", start_time=BEGAN + 5_000_000, attributes=told).end()
    provider.shutdown()
    (tmp_path / "spans.jsonl").write_text("\n".join(lines))
    rows = found(tmp_path / "spans.jsonl")
    assert [(row["component"], row["tokens_in"]) for row in rows] == [(None, 0), ("llm m", 7)]
    assert rows[1]["parent"] == rows[0]["id"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1}\n', "has no form of spans that is known; it has a"),
        ("[1, 2]", "has no form of spans that is known; it has no object"),
        ('{"resourceSpans": [{"scopeSp', "Cannot read"),
        (b"\x1f\x8b\x08\x00", "compressed by gzip"),
    ],
)
def test_what_is_no_file_of_spans_is_named(tmp_path, text, told):
    file = tmp_path / "spans.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SourceError, match=told) as error:
        found(file)
    assert str(file) in str(error.value)


def test_patterns_name_components_before_kinds_do():
    rows = found(WRITTEN / "otlp_openinference.jsonl", names={"search": ["vector*", "look?p"]})
    assert [row["component"] for row in rows] == [None, "search", "search", "reranker bge", "llm gpt-4o"]


def test_only_requests_asked_for_are_wanted():
    rows = found(WRITTEN / "otlp_gen_ai.jsonl", requests=["POST *"])
    assert [row["wanted"] for row in rows] == [1, 0, 0, 0, 0]


def test_an_attribute_that_stands_twice_counts_once(tmp_path):
    [first, second] = (WRITTEN / "otlp_gen_ai.jsonl").read_text().splitlines()
    batch = json.loads(second)
    span = batch["resourceSpans"][0]["scopeSpans"][0]["spans"][-1]
    span["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {"intValue": "999"}})
    (tmp_path / "spans.jsonl").write_text(f"{first}\n{json.dumps(batch)}\n")
    assert found(tmp_path / "spans.jsonl")[-1]["tokens_in"] == 120


def test_the_time_of_spans_is_the_same_whatever_unit_it_has():
    when = dt.datetime.fromtimestamp(BEGAN / 1e9, dt.UTC)
    written = [
        str(BEGAN),
        str(BEGAN // 10**3),
        str(BEGAN // 10**6),
        str(BEGAN // 10**9),
        when.isoformat(),
        "1772359200.0",
    ]
    with connect() as connection:
        for each in written:
            assert connection.sql(f"SELECT {nanoseconds(repr(each))}").fetchall() == [(BEGAN,)]
        assert connection.sql(f"SELECT {nanoseconds(repr('soon'))}").fetchall() == [(None,)]


def test_a_batch_of_any_size_is_read(tmp_path):
    [first, second] = (WRITTEN / "otlp_gen_ai.jsonl").read_text().splitlines()
    batch = json.loads(second)
    batch["resourceSpans"][0]["resource"]["attributes"] += [
        {"key": "x", "value": {"stringValue": "y" * (17 << 20)}}
    ]
    (tmp_path / "spans.jsonl").write_text(f"{first}\n{json.dumps(batch)}\n")
    selected = Selected(Components(**ASKED), BEGAN, BEGAN + HOUR)
    files = SpanFiles(
        (tmp_path / "spans.jsonl",), BEGAN, BEGAN + HOUR, (FileStamp.of(tmp_path / "spans.jsonl"),)
    )
    assert reduce_spans(files, selected).spans == 5
