"""The attributes in docs/traces.md: `python -m obs_dagster.telemetry.traces.reference` writes them."""

from __future__ import annotations

from pathlib import Path

from obs_dagster.telemetry.traces.attributes import ATTRIBUTES

BEGIN, END = "<!-- attributes -->", "<!-- end of attributes -->"


def written(page: str) -> str:
    """The page with the table between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    lines = ["| attribute | what it tells |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in sorted(ATTRIBUTES.values())]
    return "\n".join([f"{head}{BEGIN}", "", *lines, "", f"{END}{tail}"])


if __name__ == "__main__":
    place = Path(__file__).parents[3] / "docs" / "traces.md"
    place.write_text(written(place.read_text(encoding="utf-8")), encoding="utf-8")
