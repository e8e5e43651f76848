"""What is wrong with spans, in words, with how many are."""

from __future__ import annotations

from obs_dagster.metrics.components.usage import FAULT, RequestUsage
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.spans.requests import FAULTS
from obs_dagster.spans.table import WHOLE_REQUEST, SpanCounts


def fault_words(counts: SpanCounts) -> list[str]:
    """A line for each kind of fault that spans have; empty if they have none."""
    sums = counts.usage(WHOLE_REQUEST).sums
    return [f"{sums[FAULT + name].n:,} {told}" for name, told in FAULTS.items() if FAULT + name in sums]


def fault_share(counts: SpanCounts) -> float:
    """The share of spans with a fault, 0 without any span."""
    found = evaluate("components", RequestUsage(counts.usage(WHOLE_REQUEST)), only=["span_fault_share"])
    return found["span_fault_share"].value or 0.0
