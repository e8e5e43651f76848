"""A sample's name where labels are part of it: dotted, as Graphite and StatsD have always had them."""

from __future__ import annotations

from urllib.parse import quote

from obs_dagster.exports.sample import Sample
from obs_dagster.monitor.whole import WHOLE

_SAFE = "=+@:"


def dotted(sample: Sample, prefix: str = "") -> str:
    """Name and labels as one dotted path; what a part may not hold is percent-encoded, `*` is `all`.

    >>> from obs_dagster.exports.sample import Gauge
    >>> psi = Gauge("obs_psi", "Moved.", ("model", "segment", "column"))
    >>> dotted(psi.of(1, model="m", segment="*", column="a b.c"), "prod.")
    'prod.obs_psi.model.m.segment.all.column.a%20b%2Ec'
    """
    parts = [sample.name]
    for label, text in sample.about.items():
        parts += [label, "all" if text == WHOLE else part(text)]
    return f"{prefix}{'.'.join(parts)}"


def part(text: str) -> str:
    """A text as a part of a path: letters, digits and few signs stay, all else is percent-encoded."""
    return quote(text, safe=_SAFE).replace(".", "%2E").replace("~", "%7E")


def prefix_of(options: dict[str, str]) -> str:
    """The prefix that a URL asks for, with a dot behind it; empty for none."""
    prefix = options.get("prefix", "").strip(".")
    return f"{prefix}." if prefix else ""
