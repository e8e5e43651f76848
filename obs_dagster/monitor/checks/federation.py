"""Federation: profiles of sites come together under names and by rules that can be kept."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import features, roles, sites_dimension
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.federation import SITE_NAME
from obs_dagster.monitor.placeholders import variables
from obs_dagster.monitor.problem import Problem, quoted
from obs_dagster.monitor.source import SECTIONS, ReadsFolder, source_in

_KEY = ("federation", "signing_key")


def profiles_are_of_sites(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`source: profiles` names a folder, needs `federation.sites`, and is that of the labels, too."""
    reading = {section: isinstance(source_in(document, section), ReadsFolder) for section in SECTIONS}
    sites = document.mapping("federation", "sites")
    if reading["logs"] and not sites:
        message = "The profiles of `source: profiles` are of sites; name them in `federation.sites`."
        yield document.problem(("logs", "source"), message)
    if sites and not reading["logs"] and document.mapping("logs") is not None:
        message = "The profiles of sites are a log of `source: profiles`; a site itself has no `sites`."
        yield document.problem(("federation", "sites"), message, at_key=True)
    if document.mapping("labels") is not None and reading["logs"] != reading["labels"]:
        message = "Labels stay where the rows are: `source: profiles` is for logs and labels alike."
        yield document.problem(("labels",), message, at_key=True)
    for section in SECTIONS:
        path = document.text(section, "path") or ""
        if reading[section] and ("{" in path.replace("${", "") or "*" in path):
            message = "The profiles of sites are in a folder; name it without `{…}` and `*`."
            yield document.problem((section, "path"), message)


def keys_of_sites_are_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A site has a `public_key`, unless what is `unsigned` is accepted; a signing key is not in the file."""
    sites = document.mapping("federation", "sites") or {}
    for name in sites:
        if not re.fullmatch(SITE_NAME, name):
            message = f"{quoted(name)} cannot name a site: letters, digits, `_`, `.` and `-` can."
            yield document.problem(("federation", "sites", name), message, at_key=True)
    if document.text("federation", "unsigned") != "accept":
        for name in sites:
            if not document.text("federation", "sites", name, "public_key"):
                message = (
                    "The site has no `public_key`, so nothing that it sends can be taken; `obs profile key` "
                    "at the site prints it, and `unsigned: accept` does without."
                )
                yield document.problem(("federation", "sites", name), message, at_key=True)
    written = document.text(*_KEY) or ""
    if "PRIVATE KEY" in written and not variables(written):
        message = "A private key does not belong into the file: name the file that has it, or `${NAME}`."
        yield document.problem(_KEY, message)


def sites_are_no_column(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`federation.dimension` is not the name of a column."""
    known = {*(features(document) or ()), *roles(document, "logs").values()}
    for name in sites_dimension(document):
        if name in known:
            message = f"{quoted(name)} is a column of the log; give the sites another name among segments."
            yield document.problem(("federation", "dimension"), message)
