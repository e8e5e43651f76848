"""Whether anybody wants lineage; asked before anything of OpenLineage is imported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from obs_dagster import __version__

#: Where the official client looks for its file if no variable names one.
_FILES = (Path("openlineage.yml"), Path("~/.openlineage/openlineage.yml"))
_NAMED = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG")
PRODUCER = f"urn:obs-dagster:{__version__}"
"""What OpenLineage calls whoever makes events and facets: a URI."""
_TRANSPORT = "OPENLINEAGE__TRANSPORT"


def lineage_wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Whether OpenLineage is set up in the way of its official client: by variables or by its file.

    Args:
        environ: left out: the process's.

    >>> lineage_wanted({"OPENLINEAGE_URL": "https://lineage.example"})
    True
    >>> lineage_wanted({"OPENLINEAGE_URL": "https://lineage.example", "OPENLINEAGE_DISABLED": "true"})
    False
    """
    environ = os.environ if environ is None else environ
    if environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    if any(environ.get(name) for name in _NAMED) or any(name.startswith(_TRANSPORT) for name in environ):
        return True
    return any(file.expanduser().is_file() for file in _FILES)


def namespace(environ: Mapping[str, str] | None = None) -> str:
    """The namespace of our jobs and datasets: `OPENLINEAGE_NAMESPACE`, else `obs_dagster`."""
    return (os.environ if environ is None else environ).get("OPENLINEAGE_NAMESPACE") or "obs_dagster"
