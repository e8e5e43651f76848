"""The names that are exported: `python -m obs_dagster.exports.reference > docs/exported_names.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from obs_dagster.exports.gauges import gauges
from obs_dagster.exports.naming import End, gauge_of
from obs_dagster.exports.sample import Gauge
from obs_dagster.metrics.registry import FAMILIES, definitions

INTRODUCTION = """\
# Names that are exported

<!-- Written by `python -m obs_dagster.exports.reference > docs/exported_names.md`; edit gauges instead. -->

Every sample that [exports](exports.md) send has one of these names, and means what HELP says of it. Names end
with their unit: `seconds`, `rows`, and `ratio` for a share from 0 to 1; what only grows ends with `_total`.

## States, nights, alerts, notifications

| name | type | labels | meaning |
| --- | --- | --- | --- |
"""

METRICS = """\

## Metrics of models

Made from the [definitions of metrics](metrics.md). Labels are `model`, `version`, `segment`, `column` and
`window`: as records have them, with `*` for all versions or rows, and no `column` for the model as a whole.
Each has two more names, for the ends of its 95 % interval: `low` or `high` stands before the unit, as in
`obs_model_recall_low_ratio`.

| metric | exported as | meaning |
| --- | --- | --- |
"""

_ENDS: tuple[End, ...] = ("", "low", "high")


def reference_markdown() -> str:
    """All names as Markdown."""
    known = gauges()
    of_metrics = {gauge_of(definition, end).name for definition in definitions().values() for end in _ENDS}
    platform = [gauge for name, gauge in sorted(known.items()) if name not in of_metrics]
    return INTRODUCTION + "".join(_rows(platform)) + METRICS + "".join(_metrics())


def _rows(named: Iterable[Gauge]) -> Iterator[str]:
    for each in named:
        labels = ", ".join(f"`{label}`" for label in each.labels)
        yield f"| `{each.name}` | {each.kind} | {labels} | {each.help} |\n"


def _metrics() -> Iterator[str]:
    for family in FAMILIES:
        for each in definitions().values():
            if each.family == family:
                yield f"| `{each.name}` | `{gauge_of(each).name}` | {each.title}. |\n"


if __name__ == "__main__":
    sys.stdout.write(reference_markdown())
