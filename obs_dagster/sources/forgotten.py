"""Ids that somebody asked to be forgotten: what of a source has them is passed over and counted.

The list holds pseudonyms, so it does not keep what it is there to forget; with the key of pseudonyms gone, it
would know nobody any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path

from obs_dagster.lake.lake import Lake, replacing
from obs_dagster.lake.quoting import literals
from obs_dagster.pseudonym import pseudonym, pseudonym_sql

_FOLDER, _LIST, _AUDIT = "forgotten", "ids.txt", "audit.jsonl"


def forgotten(model: str, lake: Lake) -> frozenset[str]:
    """The pseudonyms of a model's ids that are forgotten."""
    file = lake.folder(model, _FOLDER) / _LIST
    return frozenset(file.read_text(encoding="ascii").split()) if file.exists() else frozenset()


def remember_forgotten(model: str, lake: Lake, ids: Iterable[str]) -> None:
    """Have ids passed over from now on."""
    also_forget(model, lake, map(pseudonym, ids))


def also_forget(model: str, lake: Lake, pseudonyms: Iterable[str]) -> bool:
    """Have ids passed over that are known by their pseudonyms; returns whether one is new."""
    known = forgotten(model, lake)
    every = known.union(pseudonyms)
    if every != known:
        with replacing(lake.folder(model, _FOLDER) / _LIST) as aside:
            aside.write_text("".join(f"{each}\n" for each in sorted(every)), encoding="ascii")
    return every != known


def write_audit(model: str, lake: Lake, line: dict[str, object]) -> Path:
    """Add a line about what was done to the model's audit; returns its file."""
    file = lake.folder(model, _FOLDER) / _AUDIT
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    with replacing(file) as aside:
        aside.write_text(f"{before}{json.dumps(line, sort_keys=True)}\n", encoding="utf-8")
    return file


def is_forgotten(key: str, ids: Collection[str]) -> str:
    """SQL for whether an id is one of those; never null.

    Args:
        key: SQL for the id.
        ids: pseudonyms.
    """
    if not ids:
        return "false"
    return f"coalesce(list_contains({literals(sorted(ids))}, {pseudonym_sql(key)}), false)"
