"""`type: embedding`: vectors that a model has made of something, as lists of floats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.content.embedding.clusters import learn_clusters, nearest
from obs_dagster.content.embedding.encoder import URI, EncoderError
from obs_dagster.content.embedding.projections import NAMES, pointing
from obs_dagster.content.nearest import NEAREST
from obs_dagster.content.protocol import Function, Told
from obs_dagster.monitor.content import Descriptor
from obs_dagster.monitor.contract import Feature

if TYPE_CHECKING:
    import duckdb


class Embedding:
    """Vectors of one dimension."""

    name = "embedding"

    def sql_type(self, feature: Feature) -> str:
        """Vectors are kept with the precision that models give them in."""
        del feature
        return "FLOAT[]"

    def descriptors(self, feature: Feature) -> Sequence[Descriptor]:
        """The length, where it points, and where that is among the baseline's."""
        del feature
        return _DESCRIPTORS

    def misfits(self, feature: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """A dimension is needed: of a wrong one there would be nothing to tell it by."""
        if feature.get("dimension") is None:
            yield "", "An embedding needs its `dimension`: how many numbers each vector has."
        yield from _misfits_of_encoder(feature)

    def stages(self, feature: Feature, folder: str) -> Sequence[str]:
        """What is wrong with the vector, the vector if nothing is, its length and where it points."""
        del folder
        dimension = _dimension(feature)
        missing = "" if feature.nullable else "WHEN {0} IS NULL THEN 'missing' "
        fault = (
            f"CASE {missing}WHEN len({{0}}) <> {dimension} THEN concat('dimension ', len({{0}})) "
            "WHEN list_count({0}) < len({0}) THEN 'gap' WHEN NOT isfinite(list_sum({0})) THEN 'infinite' END"
        )
        vector = f"CASE WHEN {{2}} IS NULL THEN TRY_CAST({{0}} AS FLOAT[{dimension}]) END"
        return (fault, vector, f"{pointing(dimension).name}({{3}})")

    def fault(self, feature: Feature) -> str:
        """Vectors of another dimension, with gaps, or with numbers that are none."""
        del feature
        return "{2}"

    def faults(self, name: str, feature: Feature) -> Mapping[str, str]:
        """What may be wrong with a vector."""
        missing = {} if feature.nullable else {"missing": f"{name} is missing"}
        return missing | {
            "dimension": f"{name} is no vector of {feature.dimension} numbers",
            "gap": f"{name} lacks some of its numbers",
            "infinite": f"{name} has numbers that are not finite",
        }

    def functions(self, feature: Feature) -> Sequence[Function]:
        """Where vectors point is worked out by many at once."""
        return (pointing(_dimension(feature)),)

    def calls(self) -> Sequence[Function]:
        """The nearest cluster is found by many at once."""
        return (NEAREST,)

    def learn(self, rows: duckdb.DuckDBPyRelation, column: str, feature: Feature) -> Mapping[str, Any]:
        """Where the baseline's vectors are, and by which encoder: those of another one are elsewhere."""
        made = {"encoder": feature.encoder} if feature.encoder else {}
        return {**made, **learn_clusters(rows, column, _dimension(feature))}

    def told(self, learned: Mapping[str, Any], feature: Feature) -> Told:
        """The nearest of these clusters.

        Raises:
            EncoderError: the baseline's vectors were made by another encoder.
        """
        if learned.get("encoder") != feature.encoder:
            raise EncoderError(
                f"The baseline has vectors of {learned.get('encoder') or 'the log'}, and those of "
                f"{feature.encoder or 'the log'} have nothing to do with them.",
                remedy="Declare an embedding of another name for the new encoder; its baseline is prepared "
                "beside the old one.",
            )
        return nearest(learned, _dimension(feature)) if "centres" in learned else Told((), {})


_DESCRIPTORS = (
    Descriptor("norm", "number", "How long the vector is (Euclidean norm).", "{4}.norm"),
    *(
        Descriptor(
            name,
            "number",
            f"Where it points: its projection on the random direction {name.removeprefix('p')}.",
            f"{{4}}.{name}",
        )
        for name in NAMES
    ),
    Descriptor("cluster", "category", "Which cluster of the baseline's vectors it is nearest to."),
    Descriptor("distance", "number", "How far its direction is from the centre of that cluster."),
)


def _dimension(feature: Feature) -> int:
    return feature.dimension or 1


_OF_VERSION = (
    "An encoder is a version of a registered model, as `models:/NAME/7`; an alias may be of another version "
    "tomorrow, whose vectors have nothing to do with those of today."
)
_TRUST = "MLflow runs code that came with a model; `trust: pickle` says that you trust its registry."


def _misfits_of_encoder(feature: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """What is wrong with how an embedding is made, where the log does not have it."""
    if (encoder := feature.get("encoder")) is None:
        for key in ("of", "trust"):
            if feature.get(key) is not None:
                yield key, f"`{key}` is of an embedding that an `encoder` makes."
        return
    if not URI.fullmatch(str(encoder)):
        yield "encoder", _OF_VERSION
    if feature.get("of") is None:
        yield "encoder", "An embedding with an `encoder` needs `of`: the column that it is made of."
    if feature.get("column") is not None:
        yield "column", "What an encoder makes is no column of the log."
    if feature.get("trust") is None:
        yield "encoder", _TRUST


CONTENT = Embedding()
