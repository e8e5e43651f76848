"""Records of components: what each took of the requests of a window, and the requests as a whole.

Of all versions together, and of each that is known to have answered requests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from obs_dagster.evaluation.baseline_outcomes import relative_metrics
from obs_dagster.evaluation.component_days import baseline_days_of, component_table, merged_days
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import window_days
from obs_dagster.metrics.components.usage import SCORE, ComponentUsage, Evaluated, RequestUsage
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import BASELINE, Estimate, MetricRecord
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.spans.table import WHOLE_REQUEST, SpanCounts


def component_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """What requests and their components took, of all versions together, in every window.

    A component that had spans within the longest window and has none in a shorter one gets records that say
    so.
    """
    table = component_table(night)
    if not table.exists(day):
        return
    counts: dict[tuple[dt.date, ...], SpanCounts] = {}
    windows = {
        length: tuple(window_days(table, day, length)) for length in sorted({1, *night.monitor.windows})
    }
    for days in windows.values():
        if days not in counts:
            counts[days] = merged_days(night, days)
    longest = counts[windows[max(windows)]]
    names, versions = longest.components, longest.versions
    for length, days in windows.items():
        for version in (WHOLE, *versions):
            for column, estimates in _evaluated(counts[days], names, version).items():
                yield from night.recorder.records(
                    estimates, version=version, day=day, window=length, column=column
                )
    if beside := baseline_days_of(night, day):
        relative = relative_metrics(night.monitor, "components")
        for column, estimates in _evaluated(merged_days(night, beside), names, WHOLE).items():
            known = {name: each for name, each in estimates.items() if name in relative}
            yield from night.recorder.records(known, version=WHOLE, day=day, window=BASELINE, column=column)


def _evaluated(counts: SpanCounts, names: list[str], version: str) -> Mapping[str, Mapping[str, Estimate]]:
    """By component, or the empty name for requests as a whole, what the metrics say of a version."""
    whole = counts.usage(WHOLE_REQUEST, version)
    found = {"": evaluate("components", RequestUsage(whole))}
    for name in names:
        usage = counts.usage(name, version)
        found[name] = evaluate("components", ComponentUsage(name, usage, whole))
        for what, sums in usage.sums.items():
            if what.startswith(SCORE):
                judged = f"{name}: {what.removeprefix(SCORE)}"
                found[judged] = evaluate("components", Evaluated(sums))
    return found
