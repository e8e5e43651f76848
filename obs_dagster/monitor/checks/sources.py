"""Sources: what logs and labels that are not in files have to name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.source import SECTIONS, SOURCES, HasSnapshots, has_path, needs_table, source_in


def tables_are_named(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`table` belongs to sources that read one, as `ibis` does, which need it; and to no other source."""
    reading = [name for name, source in SOURCES.all().items() if source.reads_table]
    for section in SECTIONS:
        keys, source = (section, "table"), source_in(document, section)
        reads = source is not None and needs_table(source, document.text(section, "path") or "")
        table = document.value(*keys)
        if reads and table is None:
            yield document.problem(keys, "The key is missing; expected the name of the table.")
        if not reads and table is not None:
            message = f"Only `source: {'` or `source: '.join(reading)}` reads a table."
            if source is not None and source.reads_table:
                message = "`path` is the table's own folder; leave this out, or name the catalog's URL there."
            yield document.problem(keys, message, at_key=True)


def connections_are_urls(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The `path` of a source that is not of files is a URL with a scheme, or a variable that holds it all."""
    for section in SECTIONS:
        url, source = document.text(section, "path"), source_in(document, section)
        is_url = url is None or re.match(r"[A-Za-z][\w+.-]*://|\$\{", url)
        if source is not None and url is not None and not has_path(source, url) and not is_url:
            message = "This is not a URL: it has no scheme such as `postgres://`."
            yield document.problem((section, "path"), message)


def snapshots_are_of_tables(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`snapshot`, `as_of` and `options` belong to tables with snapshots; one of the first two is enough."""
    having = [name for name, source in SOURCES.all().items() if isinstance(source, HasSnapshots)]
    for section in SECTIONS:
        source = source_in(document, section)
        if source is None:
            continue
        if not isinstance(source, HasSnapshots):
            for key in ("snapshot", "as_of", "options"):
                if document.value(section, key) not in (None, {}):
                    message = (
                        f"This is about tables of `source: {'` or `source: '.join(having)}`; leave it out."
                    )
                    yield document.problem((section, key), message, at_key=True)
            continue
        snapshot = document.value(section, "snapshot")
        if snapshot is not None and document.value(section, "as_of") is not None:
            message = "`snapshot` and `as_of` both say which state is read; leave one out."
            yield document.problem((section, "as_of"), message, at_key=True)
        if isinstance(snapshot, int | str) and (mistake := source.snapshot_mistake(snapshot)):
            yield document.problem((section, "snapshot"), mistake)
        if "{" in (document.text(section, "path") or "").replace("${", ""):
            message = "A table has the rows of all days; name it without `{…}`."
            yield document.problem((section, "path"), message)
