"""What spans of a day are reduced to, against numbers that numpy gives of the same spans."""

import datetime as dt
import json

import numpy as np
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.metrics.components.usage import REQUEST, ComponentUsage, RequestUsage
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.monitor.model import Monitor
from obs_dagster.spans import counting
from obs_dagster.spans.counting import reduce_spans
from obs_dagster.spans.faults import fault_share, fault_words
from obs_dagster.spans.reading import SpanFiles, day_bounds
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import OTHERS, WHOLE_REQUEST, SpanCounts

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
