"""Sources: what logs and labels that are not in files have to name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.source import SECTIONS, SOURCES, has_path, source_in


def tables_are_named(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`table` belongs to sources that read one, as `ibis` does, which need it; and to no other source."""
    reading = [name for name, source in SOURCES.all().items() if source.reads_table]
    for section in SECTIONS:
        keys, source = (section, "table"), source_in(document, section)
        reads = source is not None and source.reads_table
        table = document.value(*keys)
        if reads and table is None:
            yield document.problem(keys, "The key is missing; expected the name of the table.")
        if not reads and table is not None:
            message = f"Only `source: {'`, `source: '.join(reading)}` reads a table."
            yield document.problem(keys, message, at_key=True)


def connections_are_urls(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The `path` of a source that is not of files is a URL with a scheme, or a variable that holds it all."""
    for section in SECTIONS:
        url, source = document.text(section, "path"), source_in(document, section)
        is_url = url is None or re.match(r"[A-Za-z][\w+.-]*://|\$\{", url)
        if source is not None and not has_path(source) and not is_url:
            message = "This is not a URL: it has no scheme such as `postgres://`."
            yield document.problem((section, "path"), message)
