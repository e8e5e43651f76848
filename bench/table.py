"""Tables in Markdown, and numbers as they stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A table in Markdown.

    Args:
        titles: of the columns.
        rows: the cells.
        words: how many columns, from the left, hold words; the others hold numbers, to the right.
    """
    marks = ["---" if position < words else "---:" for position in range(len(titles))]
    lines = [titles, marks, *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def seconds(value: float) -> str:
    """Seconds with three figures that count.

    >>> seconds(0.01234), seconds(1.234), seconds(123.4), seconds(1234.5)
    ('0.012', '1.23', '123', '1,234')
    """
    if value < 1:
        return f"{value:.3f}"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def size(value: float) -> str:
    """Bytes in MB.

    >>> size(1_234_567_890), size(1_234_567)
    ('1,235', '1.2')
    """
    megabytes = value / 1e6
    return f"{megabytes:,.1f}" if megabytes < 10 else f"{megabytes:,.0f}"


def rows_of(count: int) -> str:
    """A number of rows as people say it.

    >>> rows_of(10_000), rows_of(1_000_000), rows_of(250)
    ('10k', '1M', '250')
    """
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit and not count % unit:
            return f"{count // unit}{name}"
    return f"{count:,}"
