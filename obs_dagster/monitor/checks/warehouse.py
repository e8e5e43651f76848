"""Warehouses: logs and labels that are tables instead of files."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.paths import SOURCES, reads_table
from obs_dagster.monitor.problem import Problem


def tables_are_named(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`table` belongs to `source: ibis`, which needs it, and to no other source."""
    for section in SOURCES:
        keys = (section, "table")
        table = document.value(*keys)
        if reads_table(document, section) and table is None:
            yield document.problem(keys, "The key is missing; expected the name of the table.")
        if not reads_table(document, section) and table is not None:
            yield document.problem(keys, "Only `source: ibis` reads a table.", at_key=True)


def connections_are_urls(document: Document, _: Surroundings) -> Iterator[Problem]:
    """With `source: ibis`, `path` is a URL with a scheme, or a variable that holds the whole URL."""
    for section in SOURCES:
        url = document.text(section, "path")
        is_url = url is None or re.match(r"[A-Za-z][\w+.-]*://|\$\{", url)
        if reads_table(document, section) and not is_url:
            message = "This is not a URL: it has no scheme such as `postgres://`."
            yield document.problem((section, "path"), message)
