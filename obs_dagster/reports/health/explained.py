"""What is drawn of explanations on the health page: shapes of features, and interactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from obs_dagster.explain.kept import explanation_files
from obs_dagster.explain.shapes import Shape, shapes_of
from obs_dagster.lake.lake import Lake, read_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.sections import Curve, CurvePoint, Listing, Section
from obs_dagster.verdict.wording import plain

_PAIRS = 8


def explained_sections(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> tuple[Section, ...]:
    """The sections of a version on a day; none where nothing was drawn, or what was is gone."""
    files = explanation_files(monitor, day, version, lake)
    found: list[Section] = []
    if (path := files.get("shapes.json")) and (document := read_json(path)):
        found += [_shape(each, document["output"]) for each in shapes_of(document)]
    if (path := files.get("interactions.json")) and (document := read_json(path)):
        found.append(
            Listing(
                "Features that act together",
                ("features", f"mean |SHAP interaction value| ({document['unit']})"),
                list(_pairs(document))[:_PAIRS],
                frozenset({1}),
                note=f"{document['rows']:,} rows",
            )
        )
    return tuple(found)


def _shape(shape: Shape, output: str) -> Curve | Listing:
    title = f"{shape.feature}: {shape.kind}"
    if not shape.numeric:
        sides = [shape.today, *([shape.baseline] if shape.baseline else [])]
        rows = [(str(value), *map(plain, said)) for value, *said in zip(shape.values, *sides, strict=True)]
        headings = (shape.feature, "today", *(["baseline"] if shape.baseline else []))
        return Listing(title, headings, rows, frozenset({1, 2}), note=output)
    note = "dashed: on the baseline" if shape.baseline else ""
    return Curve(
        title,
        shape.feature,
        output,
        _points(shape, shape.today),
        note=note,
        beside=_points(shape, shape.baseline),
    )


def _points(shape: Shape, values: tuple[float, ...]) -> list[CurvePoint]:
    return [CurvePoint(float(x), y) for x, y in zip(shape.values, values, strict=bool(values))]


def _pairs(document: dict[str, object]) -> Iterator[tuple[str, str]]:
    features, values = document["features"], document["mean_absolute"]
    if not isinstance(features, list) or not isinstance(values, list):
        return
    pairs = [
        (values[first][second], f"{features[first]} and {features[second]}")
        for first in range(len(features))
        for second in range(first + 1, len(features))
    ]
    yield from ((told, plain(value)) for value, told in sorted(pairs, key=lambda each: (-each[0], each[1])))
