"""Rows of a day whose content is like the baseline's, and such as is least like it, to be looked at."""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import narwhals as nw

from obs_dagster.baselines.stored import load_grids
from obs_dagster.content.image.pixels import FORMATS
from obs_dagster.content.image.reading import bytes_of
from obs_dagster.engine.protocol import engine_of
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.profile.grids.learned import with_learned
from obs_dagster.sources.declared import image_folder
from obs_dagster.sources.files import derived
from obs_dagster.sources.personal import Personal

if TYPE_CHECKING:
    import duckdb

#: Rows of a day that are looked at, always the same ones, and pixels of a small picture's longer side.
_ROWS, _SIDE = 20_000, 96
#: Characters of a text that are shown.
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Shown:
    """A row that shows what content is like.

    Attributes:
        version: the version that answered.
        column: the content column.
        descriptor: the feature that says how far it is from the baseline's.
        far: whether it is one of the furthest, and not of the nearest.
        prediction_id: its prediction, as it may be shown.
        distance: how far it is.
        texts: the beginnings of its texts, by column.
        pictures: its images, small, as data URLs of PNG, by column.
    """

    version: str
    column: str
    descriptor: str
    far: bool
    prediction_id: str
    distance: float
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)


@reads_rows
def typical_rows(monitor: Monitor, day: dt.date, lake: Lake, *, most: int = 3) -> list[Shown]:
    """The rows of each version whose content is nearest to the baseline's, and furthest from it.

    Of at most 20,000 rows of the day; none where no content has a descriptor that says so. Texts and images
    that are personal are not shown.

    Args:
        monitor: the monitor.
        day: a day that was validated.
        lake: holds it.
        most: rows of either kind, of a version and descriptor.

    Raises:
        LakeError: the day has not been validated, or its rows were removed since.
        SourceError: a file that is read in place is gone or was rewritten.
    """
    told = [
        (column, name)
        for name, (column, each) in monitor.described.items()
        if each.learned and each.type == "number"
    ]
    if not told:
        return []
    grids = load_grids(monitor, lake)
    with engine_of(monitor).clean_rows(monitor, [day], lake) as rows:
        some = _some(rows, monitor)
        found = with_learned(some, monitor, grids, [name for _, name in told]).to_native()
        return [
            each
            for column, name in told
            if name in found.columns
            for far in (False, True)
            for each in _looked_at(found, monitor, column, name, far=far, most=most)
        ]


def _some(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Some of the rows, by a hash of their ids."""
    relation: duckdb.DuckDBPyRelation = rows.to_native()
    number = int(derived(relation, "log", "SELECT count(*) FROM log").fetchall()[0][0])
    key = identifier(monitor.logs.columns.prediction_id)
    picked = f"md5_number_lower(CAST({key} AS VARCHAR)) % {max(1, -(-number // _ROWS))} = 0"
    return nw.from_native(derived(relation, "log", f"SELECT * FROM log WHERE {picked}"))


def _looked_at(
    rows: duckdb.DuckDBPyRelation, monitor: Monitor, column: str, name: str, *, far: bool, most: int
) -> Iterator[Shown]:
    personal, roles = Personal.of(monitor), monitor.logs.columns
    shown = {
        each: feature
        for each, feature in monitor.content.items()
        if feature.type in ("text", "image") and each in rows.columns and not personal.hides(each)
    }
    version, key, distance = map(identifier, (roles.version, roles.prediction_id, name))
    columns = [f"CAST({version} AS VARCHAR)", f"CAST({key} AS VARCHAR)", f"CAST({distance} AS DOUBLE)"]
    columns += [identifier(each) for each in shown]
    order = f"{distance} {'DESC' if far else 'ASC'}, {key}"
    query = (
        f"SELECT {', '.join(columns)} FROM log WHERE isfinite({distance}) AND {version} IS NOT NULL "
        f"QUALIFY row_number() OVER (PARTITION BY {version} ORDER BY {order}) <= {most} "
        f"ORDER BY 1, {order}"
    )
    for of, row, how_far, *values in derived(rows, "log", query).fetchall():
        texts, pictures = _contents(monitor, shown, values)
        yield Shown(of, column, name, far, personal.shown_id(row), how_far, texts, pictures)


def _contents(
    monitor: Monitor, features: Mapping[str, Feature], values: Sequence[Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is shown of the values of a row."""
    texts, pictures = {}, {}
    for (name, feature), value in zip(features.items(), values, strict=True):
        if value is None:
            continue
        if feature.type == "text":
            texts[name] = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
        elif picture := _picture(feature, value, image_folder(monitor, feature)):
            pictures[name] = picture
    return texts, pictures


def _picture(feature: Feature, value: Any, folder: str) -> str:
    """A small copy of an image as a data URL; empty where it cannot be read any more."""
    from PIL import Image

    content = bytes_of(value, feature.stored_as, folder)
    if content is None:
        return ""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            small = image.convert("RGB")
            small.thumbnail((_SIDE, _SIDE))
            found = io.BytesIO()
            small.save(found, "PNG")
    # what was an image when it was ingested may be none by now, and decoders fail in ways of their own
    except Exception:  # noqa: BLE001
        return ""
    return f"data:image/png;base64,{base64.b64encode(found.getvalue()).decode()}"
