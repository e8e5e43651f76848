"""Inline plots for the UI: small SVG pictures in Markdown."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import dagster as dg

_ROW = 22
_LABEL = 190
_BAR = 260


def bars(title: str, labels: Sequence[str], values: Sequence[float]) -> dg.MarkdownMetadataValue:
    """A horizontal bar chart, largest value first as given."""
    top = max([*values, 1e-12])
    lines = []
    for position, (label, value) in enumerate(zip(labels, values, strict=True)):
        y = position * _ROW
        lines.append(
            f'<text x="{_LABEL - 6}" y="{y + 15}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{y + 4}" width="{max(value / top * _BAR, 1):.1f}" height="{_ROW - 8}" '
            'rx="2" fill="#4a7ebb"/>'
            f'<text x="{_LABEL + max(value / top * _BAR, 1) + 6:.1f}" y="{y + 15}">{value:.3g}</text>'
        )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LABEL + _BAR + 70}" height="{len(labels) * _ROW}" '
        f'font-family="sans-serif" font-size="12" fill="#555">{"".join(lines)}</svg>'
    )
    return image(title, svg.encode(), "svg+xml")


def image(title: str, content: bytes, kind: str = "png") -> dg.MarkdownMetadataValue:
    """A picture, inline."""
    encoded = base64.b64encode(content).decode()
    return dg.MetadataValue.md(f"![{title}](data:image/{kind};base64,{encoded})")
