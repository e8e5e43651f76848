"""Warehouses: a log that is a table instead of files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.paths import LOG, reads_table
from obs_dagster.monitor.problem import Problem


def tables_are_named(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`logs.table` belongs to `source: ibis`, which needs it, and to no other source."""
    table = document.value("logs", "table")
    if reads_table(document) and table is None:
        yield document.problem(("logs", "table"), "The key is missing; expected the name of the table.")
    if not reads_table(document) and table is not None:
        yield document.problem(("logs", "table"), "Only `source: ibis` reads a table.", at_key=True)


def connections_are_urls(document: Document, _: Surroundings) -> Iterator[Problem]:
    """With `source: ibis`, `logs.path` is a URL with a scheme, or a variable that holds the whole URL."""
    url = document.text(*LOG)
    if reads_table(document) and url is not None and not re.match(r"[A-Za-z][\w+.-]*://|\$\{", url):
        yield document.problem(LOG, "This is not a URL: it has no scheme such as `postgres://`.")


def baseline_is_in_files(document: Document, _: Surroundings) -> Iterator[Problem]:
    """With `source: ibis`, the baseline is of kind `training`, whose rows are in files."""
    if reads_table(document) and document.text("baseline", "kind") in ("days", "rolling"):
        message = "A log in a warehouse is compared with training data in files."
        yield document.problem(("baseline", "kind"), message, legal=("training",))
