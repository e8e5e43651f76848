"""`type: image`: pictures, by their paths or as bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.content.image.colours import colour_distance, learn_colours
from obs_dagster.content.image.reading import FUNCTIONS
from obs_dagster.content.nearest import NEAREST
from obs_dagster.content.protocol import Function, Told
from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.content import Descriptor
from obs_dagster.monitor.contract import Feature, FeatureType

if TYPE_CHECKING:
    import duckdb


class Image:
    """Pictures of any format that Pillow reads by itself."""

    name = "image"

    def sql_type(self, feature: Feature) -> str:
        """Bytes are kept as such; of files their paths are."""
        return "BLOB" if feature.stored_as == "bytes" else "VARCHAR"

    def descriptors(self, feature: Feature) -> Sequence[Descriptor]:
        """The file, how bright, sharp and coloured it is, and whether it is there twice."""
        del feature
        return _DESCRIPTORS

    def misfits(self, feature: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """A folder is where paths start, of which bytes have none."""
        if feature.get("folder") is not None and feature.get("stored_as", "path") != "path":
            yield "folder", "Images that the log has as such are in no folder."

    def stages(self, feature: Feature, folder: str) -> Sequence[str]:
        """What each image looks like."""
        beside = f", {literal(folder)}" if feature.stored_as == "path" else ""
        return (f"{FUNCTIONS[feature.stored_as].name}({{0}}{beside})",)

    def fault(self, feature: Feature) -> str:
        """Files that are not there, or no image."""
        missing = "" if feature.nullable else "WHEN {0} IS NULL THEN 'missing' "
        return f"CASE {missing}WHEN {{0}} IS NOT NULL THEN {{2}}.fault END"

    def faults(self, name: str, feature: Feature) -> Mapping[str, str]:
        """What may be wrong with an image."""
        missing = {} if feature.nullable else {"missing": f"{name} is missing"}
        files = {
            "absent": f"{name} names no file of its folder",
            "outside": f"{name} leads out of its folder",
            "unreadable": f"{name} names a file that cannot be read",
        }
        return (
            missing
            | (files if feature.stored_as == "path" else {})
            | {"corrupt": f"{name} is no image that can be shown"}
        )

    def functions(self, feature: Feature) -> Sequence[Function]:
        """Images are decoded by Pillow."""
        return (FUNCTIONS[feature.stored_as],)

    def learn(self, rows: duckdb.DuckDBPyRelation, column: str, feature: Feature) -> Mapping[str, Any]:
        """Which colours the baseline's images have."""
        del feature
        return learn_colours(rows, column)

    def told(self, learned: Mapping[str, Any], feature: Feature) -> Told:
        """How far from these an image's is."""
        del feature
        return colour_distance(learned)

    def calls(self) -> Sequence[Function]:
        """The nearest colour is found by many at once."""
        return (NEAREST,)


def _looks(name: str, kind: FeatureType, about: str, sql: str = "") -> Descriptor:
    return Descriptor(name, kind, about, sql or f"{{2}}.{name}")


_DESCRIPTORS = (
    _looks("format", "category", "The format of the file (PNG, JPEG, …)."),
    _looks("width", "integer", "How wide it is, in pixels."),
    _looks("height", "integer", "How high it is, in pixels."),
    _looks("aspect", "number", "Width by height.", "{2}.width / nullif({2}.height, 0)"),
    _looks("bytes", "integer", "How large the file is, in bytes.", "{2}.size"),
    _looks("brightness", "number", "How bright it is, from 0 to 1."),
    _looks("contrast", "number", "How much brightness differs in it: its standard deviation."),
    _looks("sharpness", "number", "How sharp it is: the variance of its Laplacian, low if it is blurred."),
    _looks("red", "number", "How red it is, from 0 to 1."),
    _looks("green", "number", "How green it is, from 0 to 1."),
    _looks("blue", "number", "How blue it is, from 0 to 1."),
    _looks("saturation", "number", "How far its colours are from gray, from 0 to 1."),
    _looks("warmth", "number", "How much more red than blue it is, from -1 to 1."),
    Descriptor(
        "colour_distance",
        "number",
        "How far its mean colour is from those that the baseline's images have.",
    ),
    _looks(
        "repeated",
        "boolean",
        "Whether another image of the version in the day's files looks the same (difference hash).",
        "CASE WHEN {2}.fingerprint IS NOT NULL "
        "THEN count(*) OVER (PARTITION BY {1}, {2}.fingerprint) > 1 END",
    ),
)

CONTENT = Image()
