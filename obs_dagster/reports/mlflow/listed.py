"""Tables of the health page as text that MLflow shows beside a run: Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from obs_dagster.tasks.sections import Listing, Section


def markdown(sections: Iterable[Section]) -> str:
    """The tables among some sections, each below its title and note; empty if there is none."""
    return "\n\n".join(_listed(each) for each in sections if isinstance(each, Listing))


def _listed(listing: Listing) -> str:
    if not listing.rows:
        return "\n\n".join(filter(None, (f"## {listing.title}", listing.note, listing.empty)))
    ruler = [" ---: " if place in listing.numeric else " --- " for place in range(len(listing.headings))]
    lines = [_row(listing.headings), f"|{'|'.join(ruler)}|", *map(_row, listing.rows)]
    return "\n\n".join(filter(None, (f"## {listing.title}", listing.note, "\n".join(lines))))


def _row(cells: Sequence[str]) -> str:
    plain = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in cells)
    return f"| {' | '.join(plain)} |"
