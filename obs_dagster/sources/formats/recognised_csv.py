"""How a CSV file is written, recognised from its beginning."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.csv import SEPARATORS

_BYTES, _ROWS = 1 << 20, 1_000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_NULLS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N", "-", "--", "?", "missing")
_POINT = re.compile(r"[+-]?\d*[.]?\d+([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d{1,3}([.' _]?\d{3})*(,\d+)?([eE][+-]?\d+)?|[+-]?\d+,\d+")
_THOUSANDS = re.compile(r"[+-]?(0|[1-9]\d{0,2}(,\d{3})*)([.]\d+)?")


def recognised_dialect(file: Path) -> CsvDialect | None:
    """What a monitor has to say of how a CSV file is written, under `csv`; None if that is nothing.

    Only what differs from most files is set. Columns of a file without a header are named `column_1`, ….

    Raises:
        UnreadableError: the file is compressed, and its name does not say so.
    """
    with opened(file) as stream:
        sample = stream.read(_BYTES)
    encoding = _encoding(sample)
    text = sample.decode(encoding, errors="ignore").removeprefix("\ufeff")
    lines = text.splitlines(keepends=True)
    if len(sample) == _BYTES and len(lines) > 1:
        # the last line may be cut
        lines = lines[:-1]
    if not lines:
        return None
    delimiter, quote = _delimiter(lines)
    rows = _rows(lines, delimiter, quote)
    found: dict[str, Any] = {}
    if encoding != "utf-8":
        found["encoding"] = encoding
    if quote != '"':
        found["quote"] = quote
    if any('\\"' in line for line in lines) and not any('""' in line.replace(',""', "") for line in lines):
        found["escape"] = "\\"
    if delimiter != _by_header(rows[0] if rows else [], lines[0]):
        found["delimiter"] = delimiter
    if rows and _is_data(rows[0], rows[1:]):
        found["names"] = tuple(f"column_{place}" for place, _ in enumerate(rows[0], start=1))
    else:
        rows = rows[1:]
    found |= _of_values([[row[place] for row in rows if place < len(row)] for place in range(_width(rows))])
    return CsvDialect(**found) if found else None


def _encoding(sample: bytes) -> str:
    if sample.startswith(_UTF_16):
        return "utf-16"
    try:
        # the last character may be cut
        sample[: len(sample) - 4 if len(sample) == _BYTES else None].decode("utf-8")
    except UnicodeDecodeError:
        undefined = set(b"\x81\x8d\x8f\x90\x9d") & set(sample)
        return "latin-1" if undefined else "cp1252"
    return "utf-8"


def _delimiter(lines: Sequence[str]) -> tuple[str, str]:
    """The separator and the quote that divide most lines into the same number of columns, and the most."""

    def fit(separator: str, quote: str) -> tuple[float, int]:
        widths = [len(row) for row in _rows(lines, separator, quote)]
        width = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(width) / len(widths) if width > 1 else 0.0), width

    single = sum(line.count("'") >= 2 for line in lines) > sum('"' in line for line in lines)  # noqa: PLR2004
    quote = "'" if single else '"'
    best = max(SEPARATORS, key=lambda separator: fit(separator, quote))
    return best, quote


def _by_header(names: Sequence[str], header: str) -> str:
    """The separator that a file's header alone tells."""
    del names
    return next((each for each in SEPARATORS if each in header), ",")


def _rows(lines: Sequence[str], delimiter: str, quote: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, quotechar=quote)
    try:
        return [row for row in islice(reader, _ROWS) if row]
    except csv.Error:
        return []


def _width(rows: Sequence[Sequence[str]]) -> int:
    return max(map(len, rows), default=0)


def _is_data(row: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether a first row has values: where columns are of numbers, none has a name there.

    The name of a column may be a number, too; but hardly those of all.
    """
    numeric = [
        place
        for place in range(len(row))
        if (values := [each[place] for each in rest if place < len(each) and each[place].strip()])
        and all(map(_is_number, values))
    ]
    return all(_is_number(row[place]) for place in numeric) if numeric else any(map(_is_number, row))


def _is_number(text: str) -> bool:
    return bool(_POINT.fullmatch(text.strip()) or _COMMA.fullmatch(text.strip()))


def _of_values(columns: Sequence[Sequence[str]]) -> dict[str, Any]:
    """What values say: of decimals, thousands, and texts that stand for a missing value among numbers."""
    nulls: set[str] = set()
    commas = thousands = points = 0
    between = ""
    for column in columns:
        there = [value.strip() for value in column if value.strip()]
        values = [value for value in there if value not in _NULLS]
        if not values:
            continue
        if all(map(_POINT.fullmatch, values)):
            points += any("." in value for value in values)
        elif all(map(_THOUSANDS.fullmatch, values)):
            thousands += 1
            points += any("." in value for value in values)
        elif all(map(_COMMA.fullmatch, values)):
            commas += 1
            between = next((each for each in ".' _" if any(each in value for value in values)), between)
        else:
            continue
        nulls |= {value for value in there if value in _NULLS}
    found: dict[str, Any] = {}
    # a version such as 2.1 has a point, whatever numbers have
    if commas or (thousands and not points):
        found["decimal"] = ","
        found |= {"thousands": between} if between and not (points and between == ".") else {}
    elif thousands:
        found["thousands"] = ","
    return found | ({"nulls": tuple(sorted(nulls))} if nulls else {})
