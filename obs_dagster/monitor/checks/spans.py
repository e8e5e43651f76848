"""Spans: they are in one place, files or a server."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


def spans_are_in_one_place(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`components` has either the `path` of files or the traces of `mlflow`."""
    given = document.mapping("components")
    if given is None:
        return
    found = [key for key in ("path", "mlflow") if given.get(key) is not None]
    if not found:
        message = "Say where spans are: the `path` of their files, or the experiments of `mlflow`."
        yield document.problem(("components",), message)
    elif len(found) > 1:
        message = "Spans are read from files or from MLflow; leave out `path` or `mlflow`."
        yield document.problem(("components", "mlflow"), message, at_key=True)
