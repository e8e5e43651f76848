"""Columns of text, embeddings and images: what goes with their type, and what they cannot be part of."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import content, described, feature_type, features
from obs_dagster.monitor.content import CONTENT
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, quoted

#: Keys of plain features, which are those of descriptors, and keys of some content types alone.
_PLAIN = ("min", "max", "allowed", "unique")
_OF_ONE = {
    "dimension": "embedding",
    "of": "embedding",
    "encoder": "embedding",
    "trust": "embedding",
    "stored_as": "image",
    "folder": "image",
}
_ENCODED = ("text", "image")


def content_has_its_keys(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`dimension` and `encoder` are of embeddings, `stored_as` and `folder` of images; bounds are of none."""
    for name in features(document) or ():
        kind = document.text("features", name, "type")
        for key, of in _OF_ONE.items():
            # what is left out means `path`
            if document.value("features", name, key) not in (None, "path") and kind != of:
                message = f"`{key}` is a key of features of type {of}."
                yield document.problem(("features", name, key), message, at_key=True)
    for name, kind in content(document).items():
        given = document.mapping("features", name) or {}
        for key in (key for key in _PLAIN if given.get(key) is not None):
            message = (
                f"A feature of type {kind} has no `{key}`; what describes it has, as in "
                f"`{name}_…: {{type: …, {key}: …}}`."
            )
            yield document.problem(("features", name, key), message, at_key=True)
        for key, message in CONTENT.named(kind).misfits(given):
            yield document.problem(("features", name, *([key] if key else [])), message, at_key=True)


def descriptors_keep_their_type(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A feature that has the name of a descriptor, as `comment_words`, is its contract, and has its type."""
    for name, (column, kind) in described(document).items():
        declared = feature_type(document, name)
        if declared is not None and declared != kind:
            message = f"{quoted(name)} describes {quoted(column)}, and is of type {kind}."
            yield document.problem(("features", name, "type"), message, legal=[kind])
        if document.value("features", name, "column") is not None:
            message = f"{quoted(name)} is made of {quoted(column)}, and is no column of the log."
            yield document.problem(("features", name, "column"), message, at_key=True)


def content_is_read_here(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Content is described where DuckDB reads rows: not inside of a warehouse, and not at sites."""
    found = content(document)
    if not found:
        return
    name, kind = next(iter(found.items()))
    engine = document.text("engine") or document.text("engine", "kind")
    if engine == "warehouse":
        message = (
            f"The {kind} {quoted(name)} cannot be described inside of a warehouse; leave out "
            "`engine: warehouse`, so that its rows are fetched."
        )
        yield document.problem(("engine",), message, at_key=True)
    if document.text("logs", "source") == "profiles" or document.mapping("federation") is not None:
        message = f"The {kind} {quoted(name)} cannot be counted at sites, which agree on grids of numbers."
        yield document.problem(("features", name), message, at_key=True)


def encoders_have_content(document: Document, _: Surroundings) -> Iterator[Problem]:
    """Vectors are made of a text or an image, and are personal if that is; Spark makes none."""
    found = content(document)
    engine = document.text("engine") or document.text("engine", "kind")
    for name in found:
        if document.value("features", name, "encoder") is None:
            continue
        of = document.text("features", name, "of")
        if of is not None and found.get(of) not in _ENCODED:
            legal = [each for each, kind in found.items() if kind in _ENCODED]
            message = f"{quoted(of)} is no feature of type text or image."
            yield document.problem(("features", name, "of"), message, legal=legal)
        elif of is not None and _personal(document, of) and not _personal(document, name):
            message = f"{quoted(of)} is personal, and so are its vectors: they need `pii: true`, too."
            yield document.problem(("features", name), message, at_key=True)
        if engine == "spark":
            message = (
                f"The encoder of {quoted(name)} is not run on Spark's executors, which do not reach the "
                "registry; leave out `engine: spark`, or log the vectors where the model is served."
            )
            yield document.problem(("features", name, "encoder"), message, at_key=True)


def _personal(document: Document, name: str) -> bool:
    return document.value("features", name, "pii") is True
