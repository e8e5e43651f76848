"""What Evidently's page of drift shows: how many columns have moved, and a table that unfolds into plots.

Evidently's own table makes two plots of each column as objects of Plotly's, which validates every number of
them, and its preset computes and draws everything three times. These are the same plots as plain data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

#: Categories that a plot shows; the others of both samples are one bar.
_MOST_CATEGORIES = 30
_OTHERS = "(others)"

_Bars = tuple[Sequence[Any], Sequence[Any]]


def drift_widgets(found: Any) -> list[Any]:
    """The widgets of Evidently's result (`DatasetDriftMetrics`), the column that moved most first."""
    from evidently.legacy.options import ColorOptions
    from evidently.legacy.renderers import html_widgets as widgets

    colours = ColorOptions()
    bars = {"xField": "x", "yField": "y", "color": colours.primary_color}
    histogram = widgets.ColumnType.HISTOGRAM
    columns = [
        widgets.ColumnDefinition("Column", "column_name"),
        widgets.ColumnDefinition("Type", "column_type"),
        widgets.ColumnDefinition("Reference Distribution", "reference_distribution", histogram, options=bars),
        widgets.ColumnDefinition("Current Distribution", "current_distribution", histogram, options=bars),
        widgets.ColumnDefinition("Data Drift", "data_drift"),
        widgets.ColumnDefinition("Stat Test", "stattest_name"),
        widgets.ColumnDefinition("Drift Score", "drift_score"),
    ]
    moved = sorted(found.drift_by_columns.values(), key=lambda each: each.drift_score, reverse=True)
    whole = widgets.CounterData(
        f"Dataset Drift is {'detected' if found.dataset_drift else 'NOT detected'}. "
        f"Dataset drift detection threshold is {found.options.drift_share}",
        "Dataset Drift",
    )
    counters = [
        widgets.CounterData.int("Columns", found.number_of_columns),
        widgets.CounterData.int("Drifted Columns", found.number_of_drifted_columns),
        widgets.CounterData.float("Share of Drifted Columns", found.share_of_drifted_columns, 3),
    ]
    share = round(100 * found.share_of_drifted_columns, 3)
    return [
        widgets.counter(counters=[whole], title=""),
        widgets.counter(counters=counters, title=""),
        widgets.rich_table_data(
            title=f"Drift is detected for {share}% of columns "
            f"({found.number_of_drifted_columns} out of {found.number_of_columns}).",
            columns=columns,
            data=[_row(each, colours) for each in moved],
        ),
    ]


def _row(column: Any, colours: Any) -> Any:
    from evidently.legacy.renderers import html_widgets as widgets

    details, numeric = widgets.RowDetails(), column.column_type == "num"
    shown: list[_Bars]
    small: list[_Bars]
    current, reference = column.current.distribution, column.reference.distribution
    if numeric:
        details.with_part("DATA DRIFT", info=_figure(*_means(column, colours)))
        shown = [(_middles(each.x), each.y) for each in (reference, current)]
        small = [
            (list(each.x), list(each.y))
            for each in (column.reference.small_distribution, column.current.small_distribution)
        ]
    else:
        shown = small = _frequent(reference, current)
    details.with_part("DATA DISTRIBUTION", info=_figure(*_counts(shown, colours)))
    reference_bars, current_bars = ({"x": x, "y": y} for x, y in small)
    return widgets.RichTableDataRow(
        details=details,
        fields={
            "column_name": column.column_name,
            "column_type": column.column_type,
            "stattest_name": column.stattest_name,
            "reference_distribution": reference_bars,
            "current_distribution": current_bars,
            "data_drift": "Detected" if column.drift_detected else "Not Detected",
            "drift_score": round(column.drift_score, 6),
        },
    )


def _figure(traces: list[dict[str, Any]], layout: dict[str, Any]) -> Any:
    from evidently.legacy.renderers.html_widgets import plotly_data

    return plotly_data(title="", data=traces, layout=layout)


def _means(column: Any, colours: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The mean of rows that follow one another, with the spread, beside that of the baseline."""
    (name, rows), shape = next(iter(column.scatter.scatter.items())), column.scatter.plot_shape
    place, mean, spread = rows["per"].to_numpy(), rows["mean"].to_numpy(), rows["std"].fillna(0).to_numpy()
    around = [*(mean + spread).tolist(), *(mean - spread)[::-1].tolist()]
    low, high = min(shape.values()), max(shape.values())
    first, last = int(place[0]), int(place[-1])
    colour = colours.get_current_data_color()
    hidden = {"hoverinfo": "skip", "showlegend": False, "mode": "lines", "line": {"width": 0}}
    traces = [
        {
            "x": [first, last, last, first],
            "y": [low, low, high, high],
            "fill": "toself",
            "fillcolor": colours.fill_color,
            "opacity": 0.5,
            **hidden,
        },
        {
            "x": [*place.tolist(), *place[::-1].tolist()],
            "y": around,
            "fill": "toself",
            "fillcolor": colour,
            "opacity": 0.2,
            **hidden,
        },
        {
            "x": [first, last],
            "y": [(low + high) / 2] * 2,
            "mode": "lines",
            "line": {"color": colours.zero_line_color},
            "name": "reference (mean)",
        },
        {"x": place, "y": mean, "mode": "lines", "line": {"color": colour}, "name": name},
    ]
    axes = {
        "xaxis": {"title": {"text": "rows in order of time, binned"}},
        "yaxis": {"title": {"text": f"{column.column_name} (mean +/- std)"}},
    }
    return [{"type": "scatter", **each} for each in traces], axes


def _counts(shown: Sequence[_Bars], colours: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Bars of the baseline and of the day, as counts or as shares."""
    kinds = (
        ("reference", colours.get_reference_data_color()),
        ("current", colours.get_current_data_color()),
    )
    traces = []
    for (x, counts), (name, colour) in zip(shown, kinds, strict=True):
        whole = sum(counts) or 1
        look = {"type": "bar", "name": name, "x": x, "marker": {"color": colour}}
        traces.append({**look, "y": counts, "visible": True})
        traces.append({**look, "y": [100 * each / whole for each in counts], "visible": False})
    buttons = [
        {
            "method": "update",
            "label": label,
            "args": [{"visible": [way, not way] * len(kinds)}, {"yaxis": {"title": {"text": title}}}],
        }
        for label, title, way in (("abs", "Count", True), ("perc", "Percent", False))
    ]
    menu = {"type": "buttons", "direction": "right", "buttons": buttons, "x": 1.05, "y": 1.2}
    return traces, {
        # "01" is a category
        "autotypenumbers": "strict",
        "yaxis": {"title": {"text": "Count"}},
        "updatemenus": [{**menu, "yanchor": "top"}],
    }


def _middles(edges: Any) -> list[float]:
    return [(low + high) / 2 for low, high in pairwise(edges)]


def _frequent(reference: Any, current: Any) -> list[_Bars]:
    """The counts of the most frequent categories in both samples, and of all others together."""
    samples = [Counter(dict(zip(each.x, map(int, each.y), strict=True))) for each in (reference, current)]
    both = samples[0] + samples[1]
    names = sorted((name for name, _ in both.most_common(_MOST_CATEGORIES)), key=str)
    shown: list[_Bars] = []
    for counts in samples:
        kept = [counts[name] for name in names]
        others = [counts.total() - sum(kept)] if len(both) > len(names) else []
        shown.append(([*map(str, names), *[_OTHERS] * len(others)], kept + others))
    return shown
