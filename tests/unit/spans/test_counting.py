"""What spans of a day are reduced to, against numbers that numpy gives of the same spans."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.metrics.components.usage import (
    REQUEST,
    SCORE,
    ComponentUsage,
    Evaluated,
    RequestUsage,
    Sums,
)
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.monitor.model import Monitor
from obs_dagster.spans import counting
from obs_dagster.spans.counting import reduce_spans
from obs_dagster.spans.faults import fault_share, fault_words
from obs_dagster.spans.meaning import trace_key
from obs_dagster.spans.reading import SpanFiles, day_bounds
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import OTHERS, SCHEMA, WHOLE_REQUEST, SpanCounts

DAY = dt.date(2024, 3, 5)
KINDS = {"llm": "LLM", "tool": "TOOL", "retriever": "RETRIEVER"}


class World:
    """A folder with a monitor and its spans."""

    def __init__(self, root, zone="UTC", path="spans/{day}.jsonl", **components):
        self.root = root
        (root / "spans").mkdir(exist_ok=True)
        keys = {
            "model": "answers",
            "start": "2024-03-01",
            "time_zone": zone,
            "logs": {
                "source": "parquet",
                "path": "logs/{day}.parquet",
                "columns": {"time": "at", "score": "score"},
            },
            "features": {"temp": {"type": "number"}},
            "baseline": {"kind": "rolling", "days": 7},
            "components": {"path": path} | components,
        }
        self.monitor = Monitor.model_validate(keys, context=root / "answers.yaml")

    def write(self, name, spans):
        (self.root / "spans" / name).write_text("\n".join(map(json.dumps, spans)))

    def counts(self, day=DAY):
        selected = Selected(self.monitor.components, *day_bounds(self.monitor, day))
        return reduce_spans(SpanFiles.of(self.monitor, day), selected).counts


def span(trace, id_, parent, at, took, kind="", **attributes):  # noqa: PLR0917  as spans are
    """A span that begins at a moment, and takes milliseconds."""
    began = round(at.timestamp() * 1e3) * 10**6
    named = {"openinference.span.kind": KINDS[kind], "tool.name": kind} if kind else {}
    return {
        "name": kind or "answer",
        "context": {"trace_id": trace, "span_id": id_},
        "parent_id": parent,
        "start_time": began,
        "end_time": began + round(took * 1e6),
        "status": {"status_code": "ERROR" if attributes.pop("failed", False) else "OK"},
        "attributes": named | attributes,
    }


def moment(hour, minute=0, day=DAY):
    return dt.datetime.combine(day, dt.time(hour, minute), dt.UTC)


def metrics(counts, component):
    whole = counts.usage(WHOLE_REQUEST)
    given = ComponentUsage(component, counts.usage(component), whole) if component else RequestUsage(whole)
    return {name: each.value for name, each in evaluate("components", given).items()}


@pytest.fixture(params=[1 << 17, 64])
def batches(monkeypatch, request):
    """How many spans are reduced together makes no difference."""
    monkeypatch.setattr(counting, "_TOGETHER", request.param)
    monkeypatch.setattr(counting, "_PARTS", 2)


@pytest.mark.usefixtures("batches")
def test_numbers_are_those_of_the_spans(tmp_path):
    world, rng = World(tmp_path), np.random.default_rng(0)
    took, tokens, spans = [], [], []
    for number in range(400):
        tool, model = rng.gamma(3, 20), rng.gamma(5, 60)
        took.append((tool, model))
        tokens.append(int(rng.integers(10, 500)))
        at = moment(3) + dt.timedelta(seconds=40 * number)
        later = at + dt.timedelta(milliseconds=round(tool))
        about = {"llm.token_count.prompt": tokens[-1], "llm.cost.total": tokens[-1] / 1e6}
        spans += [
            span(f"t{number}", "a", None, at, round(tool) + model + 5, failed=number % 10 == 0),
            span(f"t{number}", "b", "a", at, round(tool), "tool", failed=number % 10 == 0),
            span(f"t{number}", "c", "a", later, model, "llm", **about),
        ]
    rng.shuffle(spans)
    world.write(f"{DAY}.jsonl", spans)
    counts = world.counts()
    tool, model = np.round(np.array(took)[:, 0]), np.array(took)[:, 1]
    whole, found, other = (metrics(counts, each) for each in ("", "llm llm", "tool tool"))
    assert counts.components == ["llm llm", REQUEST, "tool tool"]
    assert (whole["request_volume"], found["component_volume"]) == (400, 400)
    assert found["component_use_share"] == 1
    assert whole["request_error_share"] == other["component_failure_share"] == pytest.approx(0.1)
    # the request fails with its tool, which is no failure of its own
    assert metrics(counts, REQUEST)["component_failure_share"] == 0
    exact = np.quantile(model, 0.95, method="inverted_cdf")
    assert found["component_latency_p95"] == pytest.approx(exact, rel=0.01)
    assert found["component_own_p95"] == pytest.approx(exact, rel=0.01)
    assert found["component_own_time"] == pytest.approx(model.mean(), abs=1e-4)
    assert found["component_own_share"] == pytest.approx(model.sum() / (tool + model + 5).sum(), abs=1e-6)
    assert whole["request_tokens"] == found["component_tokens"] == pytest.approx(np.mean(tokens))
    assert found["component_cost"] == pytest.approx(np.mean(tokens) / 1e6)
    own = [metrics(counts, each) for each in counts.components]
    assert sum(each["component_own_share"] for each in own) == pytest.approx(1)
    assert sum(each["component_own_time"] for each in own) == pytest.approx(
        (tool + model + 5).mean(), abs=1e-4
    )


def test_the_interval_of_a_share_of_the_path_holds_the_true_one():
    from obs_dagster.metrics.components.usage import Sums, Usage

    rng, held = np.random.default_rng(1), 0
    for _ in range(400):
        mine, rest = rng.gamma(2, 50, 200), rng.gamma(3, 80, 200)
        took = mine + rest
        usage = Usage(
            {
                "own_time": Sums(200, float(mine.sum()), float((mine**2).sum())),
                "own_by_took": Sums(200, float((mine * took).sum()), 0.0),
                "took": Sums(200, float(took.sum()), float((took**2).sum())),
            }
        )
        estimate = evaluate("components", ComponentUsage("x", usage, usage), only=["component_own_share"])
        low, high = (getattr(estimate["component_own_share"], end) for end in ("low", "high"))
        held += low <= 100 / 340 <= high
    assert 0.92 <= held / 400 <= 0.98


def test_days_add_up_to_their_window(tmp_path):
    world = World(tmp_path)
    spans = [span(f"t{each}", "a", None, moment(each), 10 * each + 1, "tool") for each in range(1, 20)]
    world.write(f"{DAY}.jsonl", spans)
    other = [
        span(f"u{each}", "a", None, moment(each, day=DAY + dt.timedelta(1)), 7, "tool") for each in range(9)
    ]
    world.write(f"{DAY + dt.timedelta(1)}.jsonl", other)
    parts = [world.counts(), world.counts(DAY + dt.timedelta(1))]
    merged = SpanCounts.merged(parts)
    assert metrics(merged, "tool tool")["component_volume"] == 28
    assert merged.table.equals(SpanCounts.merged(reversed(parts)).table)
    # one folder for both days is read by the time of the requests
    (tmp_path / "all").mkdir()
    one = World(tmp_path / "all", path="spans/*.jsonl")
    one.write("x.jsonl", spans + other)
    assert one.counts().table.equals(parts[0].table)


def test_a_request_is_of_the_day_on_which_it_begins(tmp_path):
    world = World(tmp_path)
    late = moment(23, 59)
    begins = span("t", "a", None, late, 120_000)
    goes_on = span("t", "b", "a", late + dt.timedelta(seconds=90), 20_000, "llm")
    world.write(f"{DAY}.jsonl", [begins])
    # the collector writes what ends after midnight into the next day's file
    world.write(f"{DAY + dt.timedelta(1)}.jsonl", [goes_on])
    assert metrics(world.counts(), "llm llm")["component_own_time"] == pytest.approx(20_000)
    assert not fault_words(world.counts())
    assert metrics(world.counts(DAY + dt.timedelta(1)), "")["request_volume"] == 0


def test_a_day_is_one_where_the_model_lives(tmp_path):
    world = World(tmp_path, zone="Asia/Tokyo")
    # half past midnight of the 6th in Tokyo, in the file of the 5th
    world.write(f"{DAY}.jsonl", [span("t", "a", None, moment(15, 30), 10, "tool")])
    assert metrics(world.counts(), "")["request_volume"] == 0
    assert metrics(world.counts(DAY + dt.timedelta(1)), "")["request_volume"] == 1


def test_only_requests_asked_for_count(tmp_path):
    world = World(tmp_path, requests=["answer"])
    probe = span("p", "a", None, moment(4), 10, "tool")
    world.write(
        f"{DAY}.jsonl",
        [probe, span("t", "a", None, moment(4), 10), span("t", "b", "a", moment(4), 5, "tool")],
    )
    assert metrics(world.counts(), "")["request_volume"] == 1
    assert metrics(world.counts(), "tool tool")["component_volume"] == 1


def test_tokens_that_are_passed_on_count_once(tmp_path):
    world = World(tmp_path)
    tokens = {"llm.token_count.prompt": 100}
    wrapped = [
        span("t", "a", None, moment(4), 30),
        span("t", "b", "a", moment(4), 20, "tool", **tokens),
        span("t", "c", "b", moment(4), 10, "llm", **tokens),
    ]
    world.write(f"{DAY}.jsonl", wrapped)
    assert metrics(world.counts(), "")["request_tokens"] == 100
    assert "component_tokens" not in metrics(world.counts(), "tool tool")


def test_components_that_are_too_many_count_together(tmp_path):
    world = World(tmp_path, most=1, names={"a": "llm", "b": "tool"})
    spans = [span("t", "a", None, moment(4), 30), span("t", "b", "a", moment(4), 5, "llm")]
    spans += [span("t", "c", "a", moment(4), 5, "llm"), span("t", "d", "a", moment(4), 5, "tool")]
    world.write(f"{DAY}.jsonl", spans)
    assert world.counts().components == [OTHERS, "a", REQUEST]


def test_faults_are_told_with_their_numbers(tmp_path):
    world = World(tmp_path)
    good = [span("t", "a", None, moment(4), 30), span("t", "b", "a", moment(4), 5, "llm")]
    backwards = span("t", "d", "a", moment(4), -5, "tool")
    world.write(f"{DAY}.jsonl", [*good, good[1], span("t", "c", "nobody", moment(4), 5, "tool"), backwards])
    counts = world.counts()
    assert [each.split(" ", 1)[0] for each in fault_words(counts)] == ["1"] * 3
    assert fault_share(counts) == pytest.approx(3 / 4)
    # what a fault is about counts once, and nothing is negative
    assert metrics(counts, "llm llm")["component_volume"] == 1
    assert metrics(counts, "tool tool")["component_latency_p50"] <= 5.1


def test_a_day_without_files_has_no_requests(tmp_path):
    assert metrics(World(tmp_path).counts(), "")["request_volume"] == 0


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path):
    world = World(tmp_path)
    world.write(f"{DAY}.jsonl", [span("t", "a", None, moment(4), 30)])
    files = SpanFiles.of(world.monitor, DAY)
    world.write(f"{DAY}.jsonl", [span("t", "a", None, moment(4), 31), span("u", "a", None, moment(4), 30)])
    selected = Selected(world.monitor.components, *day_bounds(world.monitor, DAY))
    with pytest.raises(SourceError, match="changed while it was read"):
        reduce_spans(files, selected)


def test_ids_that_count_up_are_no_repetitions(tmp_path):
    world = World(tmp_path)
    spans = [
        span(f"{number:032x}", name, parent, moment(number % 24), 10, kind)
        for number in range(3000)
        for name, parent, kind in (("a", None, ""), ("b", "a", "tool"), ("c", "a", "llm"))
    ]
    world.write(f"{DAY}.jsonl", spans)
    counts = world.counts()
    assert fault_words(counts) == []
    assert counts.usage(WHOLE_REQUEST).of("took").n == 3000


def test_a_version_is_that_of_the_log_or_else_of_a_span(tmp_path):
    world = World(tmp_path)
    traces = [f"4bf92f3577b34da6a3ce929d0e0e{number:04x}" for number in range(4)]
    spans = []
    for number, trace in enumerate(traces):
        says = {"obs.version": "2"} if number in (1, 2) else {}
        spans.append(span(trace, "a", None, moment(10), 100 * (number + 1), **says))
        spans.append(span(trace, "b", "a", moment(10), 10 * (number + 1), "tool"))
    world.write(f"{DAY}.jsonl", spans)
    selected = Selected(world.monitor.components, *day_bounds(world.monitor, DAY))
    # X-Ray, MLflow and UUIDs write ids otherwise
    written = [f"1-{traces[0][:8]}-{traces[0][8:]}", f"tr-{traces[1].upper()}"]

    def answered(connection):
        connection.execute(
            "CREATE TEMP TABLE log AS SELECT unnest($1) AS trace, unnest($2) AS version",
            [written, ["1", "1"]],
        )
        return f"SELECT {trace_key('trace')} AS trace, version FROM log"

    counts = reduce_spans(SpanFiles.of(world.monitor, DAY), selected, answered).counts
    assert counts.versions == ["1", "2"]
    took = {version: counts.usage("tool tool", version).of("took") for version in ("*", "1", "2")}
    assert {version: (each.n, each.total) for version, each in took.items()} == {
        "*": (4, 100.0),
        "1": (2, 30.0),
        "2": (1, 30.0),
    }
    assert counts.usage(WHOLE_REQUEST, "1").of("took").total == 300


@pytest.mark.parametrize("together", [1 << 17, 64])
def test_what_components_did_is_kept_of_each_request(tmp_path, monkeypatch, together):
    monkeypatch.setattr(counting, "_TOGETHER", together)
    world, rng = World(tmp_path), np.random.default_rng(3)
    took, failed, used = rng.gamma(2, 50, 200), rng.uniform(size=200) < 0.2, rng.uniform(size=200) < 0.7
    spans = []
    for number in range(200):
        spans.append(span(f"t{number}", "a", None, moment(10), took[number] + 10))
        if used[number]:
            spans.append(
                span(f"t{number}", "b", "a", moment(10), took[number], "tool", failed=bool(failed[number]))
            )
    world.write(f"{DAY}.jsonl", spans)
    selected = Selected(world.monitor.components, *day_bounds(world.monitor, DAY))
    parts = reduce_spans(SpanFiles.of(world.monitor, DAY), selected).parts.to_pandas()
    assert (parts.component == "").sum() == 200
    tool = parts[parts.component == "tool tool"]
    limit = np.quantile(took[used], 0.9, method="inverted_cdf")
    assert tool.part.value_counts().to_dict() == {
        "failed": int((used & failed).sum()),
        "slow": int((used & ~failed & (took > limit * 1.02)).sum()),
        "used": int((used & ~failed & (took <= limit * 1.02)).sum()),
    }


def test_evaluations_are_of_the_component_that_they_judge(tmp_path):
    world = World(tmp_path)
    event = {"gen_ai.evaluation.name": "tone", "gen_ai.evaluation.score.label": "Pass"}
    judged = span(
        "t",
        "b",
        "a",
        moment(10),
        10,
        "tool",
        **{"evaluations.0.evaluation.name": "relevance", "evaluations.0.evaluation.score": "0.25"},
    )
    judged["events"] = [{"name": "gen_ai.evaluation.result", "attributes": event}, {"name": "exception"}]
    root = span("t", "a", None, moment(10), 20)
    root["attributes"] = {"trace": {"annotations": [{"annotation": {"name": "helpful", "label": "no"}}]}}
    # within a tool, and no component itself
    within = span(
        "t",
        "c",
        "b",
        moment(10),
        5,
        evaluations=[
            {"evaluation": {"name": "relevance", "score": 0.75}},
            {"evaluation": {"name": "style", "label": "fine"}},
        ],
    )
    world.write(f"{DAY}.jsonl", [root, judged, judged, within])
    counts = world.counts()
    scores = {
        (component, what.removeprefix(SCORE)): (sums.n, sums.total)
        for component in counts.components
        for what, sums in counts.usage(component).sums.items()
        if what.startswith(SCORE)
    }
    assert scores == {
        ("tool tool", "relevance"): (2, 1.0),
        ("tool tool", "tone"): (1, 1.0),
        ("request", "helpful"): (1, 0.0),
    }
    assert evaluate("components", Evaluated(Sums(2, 1.0, 0.625)))["component_score"].value == 0.5


def test_days_that_were_counted_without_versions_are_of_all_together():
    before = SpanCounts(SCHEMA.empty_table().drop_columns(["version"]))
    row = {"component": "tool", "what": "used", "bin": None, "n": 3, "total": 3.0, "total_sq": 3.0}
    before = SpanCounts(pa.Table.from_pylist([row], before.table.schema))
    now = SpanCounts(pa.Table.from_pylist([row | {"version": "1"}], SCHEMA))
    merged = SpanCounts.merged([before, now])
    assert merged.usage("tool").of("used").n == 3
    assert merged.usage("tool", "1").of("used").n == 3
