"""A bar chart of the evaluation: rows a second and memory, tool by tool, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Ours stands out; the peers share a colour.
_OURS, _OTHERS = "#0b6e99", "#9aa5b1"


def write_chart(path: Path, case: str, tools: dict[str, dict[str, Any]], rows: int) -> None:
    """Write the chart of one case of the evaluation.

    Args:
        path: the SVG file.
        case: what the chart is of, as its title says.
        tools: the measurement of each tool; failed ones are left out.
        rows: of the current log.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    finished = {tool: found for tool, found in reversed(tools.items()) if not found["failure"]}
    names = list(finished)
    colours = [_OURS if found is tools.get("obs-dagster") else _OTHERS for found in finished.values()]
    with rc_context({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 11}):
        figure = Figure(figsize=(9, 0.9 + 0.45 * len(names)), layout="constrained")
        speed, memory = figure.subplots(1, 2, sharey=True)
        for axes, values, title in (
            (speed, [rows / found["seconds"] for found in finished.values()], f"rows/s, {case} rows"),
            (memory, [found["peak"] / 1e6 for found in finished.values()], "peak memory, MB"),
        ):
            bars = axes.barh(names, values, color=colours)
            axes.bar_label(bars, labels=[f"{value:,.0f}" for value in values], padding=4)
            axes.set_title(title, loc="left")
            axes.set_xticks([])
            axes.margins(x=0.25)
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
        figure.savefig(path, format="svg", metadata={"Date": None})
