"""What an inspection found: one line per thing looked at, and whether it is all right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

from jobs.cli.console import OUTPUT, cell, table
from jobs.cli.records import Format, emit

Status = Literal["ok", "warn", "fail"]

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: what: a model, or a part of the platform.
        what: which side of it.
        status: `warn` may be as it should be; `fail` is wrong.
        detail: what was seen, and what to do about it if it is wrong.
    """

    about: str
    what: str
    status: Status
    detail: str


def print_findings(findings: Sequence[Finding], chosen: Format) -> bool:
    """Print what was found; returns whether something is wrong."""
    if chosen is Format.TABLE:
        rows = table("", "about", "what", "detail")
        for each in findings:
            rows.add_row(cell(each.status, _STYLES[each.status]), each.about, each.what, cell(each.detail))
        OUTPUT.print(rows)
    else:
        emit([asdict(each) for each in findings], [field.name for field in fields(Finding)], chosen)
    return any(each.status == "fail" for each in findings)
