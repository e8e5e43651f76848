"""The columns of a log that some tasks have and others do not."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from obs_dagster.monitor.data import OUTPUT_ROLES
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


def needs_role(document: Document, role: str, task: str) -> Iterator[Problem]:
    """The problem of a log that does not map a column which its task needs."""
    columns = document.mapping("logs", "columns") or {}
    if columns.get(role) is None:
        message = f"The key `{role}` is missing: {task} needs it."
        yield document.problem(("logs", "columns"), message, at_key=True)


def maps_only(document: Document, roles: Collection[str], task: str) -> Iterator[Problem]:
    """The problems of a log that maps columns which only other tasks have."""
    for role, columns in (document.mapping("logs", "columns") or {}).items():
        if columns not in (None, {}) and role in OUTPUT_ROLES and role not in roles:
            message = f"`{role}` is no column of {task}."
            yield document.problem(("logs", "columns", role), message, legal=list(roles), at_key=True)
