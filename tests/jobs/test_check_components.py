"""What `obs check` says of spans before any night."""

import shutil
from pathlib import Path

import pytest

from jobs.cli.check_components import look_at_components
from obs_dagster.monitor.model import Monitor

WRITTEN = Path(__file__).parents[1] / "unit" / "spans" / "written"


@pytest.fixture
def look(tmp_path):
    """Looks at the spans of a monitor in a folder; status and detail of each finding by what it is about."""

    def run(**components):
        keys = {
            "model": "answers",
            "start": "2026-03-01",
            "logs": {
                "source": "parquet",
                "path": "{day}.parquet",
                "columns": {"time": "at", "score": "score"},
            },
            "features": {"temp": {"type": "number"}},
            "baseline": {"kind": "rolling", "days": 7},
        }
        if components:
            keys["components"] = {"path": "spans/*"} | components
        monitor = Monitor.model_validate(keys, context=tmp_path / "answers.yaml")
        return [(each.what, each.status, each.detail) for each in look_at_components(monitor)]

    (tmp_path / "spans").mkdir()
    return run


def test_a_monitor_without_components_has_nothing_to_look_at(look):
    assert look() == []


def test_no_files_yet_are_a_warning(look):
    [(what, status, detail)] = look(most=40)
    assert (what, status) == ("spans", "warn")
    assert "no files yet" in detail


def test_form_components_and_prices_are_told(look, tmp_path):
    shutil.copy(WRITTEN / "otlp_gen_ai.jsonl", tmp_path / "spans" / "a.jsonl")
    found = look(most=40)
    assert [each[:2] for each in found] == [("spans", "ok"), ("components", "ok")]
    assert found[0][2] == "1 file; the last, a.jsonl, has otlp of 1 requests"
    assert found[1][2].startswith("llm gpt-4o, retriever vector_search, tool lookup; what tokens cost")
    assert look(prices={"gpt*": {"input": 1.0}})[1][2] == "llm gpt-4o, retriever vector_search, tool lookup"


def test_what_would_tell_nothing_fails(look, tmp_path):
    shutil.copy(WRITTEN / "otlp_gen_ai.jsonl", tmp_path / "spans" / "a.jsonl")
    [(what, status, detail)] = look(requests=["nobody"])
    assert (what, status) == ("spans", "fail")
    assert "components.requests" in detail
    (tmp_path / "spans" / "b.jsonl").write_text(
        (WRITTEN / "console.jsonl").read_text().replace("span.kind", "kind")
    )
    assert look(most=40)[1][:2] == ("components", "fail")
    (tmp_path / "spans" / "c.jsonl").write_text('{"a": 1}')
    assert [each[:2] for each in look(most=40)] == [("spans", "fail")]


def test_faults_are_a_warning(look, tmp_path):
    lines = (WRITTEN / "console.jsonl").read_text()
    (tmp_path / "spans" / "a.jsonl").write_text(lines + lines.splitlines()[1])
    assert look(most=40)[-1] == ("spans", "warn", "1 spans that stand there twice, of which one counts")
