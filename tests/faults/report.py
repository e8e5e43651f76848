"""What a full run came to: a line per case, and a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_CASES = "cases.jsonl"
_WHAT = {
    "kills": "kills",
    "files": "bad files",
    "ranges": "pairs of processes on overlapping days",
    "clocks": "wrong clocks",
    "storage": "full, read-only and locked places",
    "services": "services that went away",
    "fuzz": "fuzzed inputs",
}


def read(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """What was done, the last time of each case."""
    file = folder / _CASES
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    found = map(json.loads, lines)
    return {(each["group"], each["name"]): each for each in found}


def add(folder: Path, done: dict[str, Any]) -> None:
    """Keep what came of a case."""
    with (folder / _CASES).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(done)}\n")


def write(folder: Path) -> str:
    """Write the report of all that was done; a table."""
    cases = list(read(folder).values())
    lines = [
        "| what | how many | in cases | lost or wrong | from | to (UTC) |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for group, what in _WHAT.items():
        those = [each for each in cases if each["group"] == group]
        if those:
            wrong = sum(bool(each["error"]) for each in those)
            times = sorted(each["at"] for each in those)
            count = sum(each["count"] for each in those)
            lines.append(f"| {what} | {count:,} | {len(those):,} | {wrong} | {times[0]} | {times[-1]} |")
    failed = [
        f"- {each['group']}: {each['name']}: {each['error'].splitlines()[0]}"
        for each in cases
        if each["error"]
    ]
    text = "\n".join([*lines, *(["", *failed] if failed else [])])
    (folder / "report.md").write_text(f"{text}\n", encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(cases, indent=1), encoding="utf-8")
    return text


def wrong(folder: Path) -> int:
    """How many cases did not end as they should."""
    return sum(bool(each["error"]) for each in read(folder).values())
