"""Files whose bytes are not what they should be: damaged Parquet, CSV in any dialect, JSON in any shape."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.fuzz.books import DAY, rows_read
from tests.fuzz.fuzzer import Fuzzer

_COLUMNS = ["id", "at", "model", "score", "temp", "hour", "carrier", "sunny"]
_FOOTER = 8


def _whole(compression: str, rows: int, group: int) -> bytes:
    numbers = np.arange(rows)
    table = pa.table(
        {
            "id": [f"r{number}" for number in numbers],
            "at": [f"{DAY}T12:00:{number % 60:02d}Z" for number in numbers],
            "model": ["1"] * rows,
            "score": (numbers % 10) / 10,
            "temp": np.sqrt(numbers),
            "hour": numbers % 24,
            "carrier": pa.array([["AA", "UA"][number % 2] for number in numbers]).dictionary_encode(),
            "sunny": [bool(number % 3) for number in numbers],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression=compression, row_group_size=group)
    return buffer.getvalue()


_WHOLE = [_whole("none", 20, 7), _whole("snappy", 60, 60), _whole("zstd", 5, 5)]


@st.composite
def _damaged(draw: Any) -> bytes:
    data = bytearray(draw(st.sampled_from(_WHOLE)))
    footer = len(data) - _FOOTER - int.from_bytes(data[-8:-4], "little")
    for _ in range(draw(st.integers(1, 3))):
        first, last = draw(
            st.sampled_from([(0, footer), (footer, len(data)), (footer, len(data) - 1), (0, len(data))])
        )
        at = draw(st.integers(first, last - 1)) % max(len(data), 1)
        kind = draw(st.sampled_from(["flip", "flip", "byte", "zeros", "cut", "insert"]))
        if kind == "flip":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "byte":
            data[at] = draw(st.integers(0, 255))
        elif kind == "zeros":
            data[at : at + draw(st.integers(1, 40))] = bytes(1)
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 200))]
        else:
            data[at:at] = draw(st.binary(min_size=1, max_size=20))
        if len(data) < 16:
            break
    return bytes(data)


def check_parquet(file: Path) -> None:
    """It is read with all that it says it has, or refused in words."""
    rows_read(file, "parquet")


_CELLS = st.sampled_from(
    ["1", "0.5", "1,5", "", " ", "NULL", "nan", "inf", "-1e999", "AA", 'a"b', "a'b", "a\nb", "a;b", "a\tb",
     "a|b", "é", "\x00", "\ufeff", "true", "f", "2024-03-04", "2024-03-04T12:00:00Z", "04.03.2024", "9" * 30,
     "=1+1", "#", "\\", "\\N", "日本"]
) | st.text(max_size=4)  # fmt: skip


@st.composite
def _csv(draw: Any) -> bytes:
    rows = draw(st.integers(0, 12))
    delimiter = draw(st.sampled_from([",", ",", ";", "\t", "|"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONE]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end, escapechar="\\")
    header = [name for name in _COLUMNS if draw(st.integers(0, 19))]
    writer.writerow(draw(st.permutations(header)) if draw(st.booleans()) else header)
    odd = draw(st.booleans())
    for number in range(rows):
        usual = [f"r{number}", f"{DAY}T12:00:00Z", "1", "0.5", "3.5", "7", "AA", "true"]
        row = [draw(_CELLS) if odd and draw(st.integers(0, 3)) == 0 else cell for cell in usual]
        ragged = draw(st.sampled_from([0] * 12 + [-1, 1, 5]))
        row = row[:ragged] if ragged < 0 else [*row, *["x"] * ragged]
        try:
            writer.writerow(row)
        except csv.Error:
            writer.writerow(usual)
    found = text.getvalue()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(found)))
        found = (
            found[:at]
            + draw(st.sampled_from(['"', "\n", "\r", "\x00", delimiter, "\n\n", "'", "\ufeff", "\\"]))
            + found[at:]
        )
    encoding = draw(
        st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "latin-1", "utf-16", "utf-16-le", "cp1252"])
    )
    return found.encode(encoding, "replace" if not encoding.startswith("utf") else "surrogatepass")


def check_csv(file: Path) -> None:
    """Each line is a row, or the file is refused in words."""
    data = file.read_bytes()
    read = rows_read(file, "csv")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    plain = not set(text) & set("\"'\\\x00\r\ufeff\u2028\x85\x0b\x0c\x1c\x1d\x1e")
    if read is not None and plain and text.strip():
        _, *lines = text.split("\n")
        assert read == sum(map(bool, lines)), (read, lines)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_COLUMNS) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def _json_lines(draw: Any) -> bytes:
    lines = []
    for number in range(draw(st.integers(0, 10))):
        row: Any = {
            "id": f"r{number}", "at": f"{DAY}T12:00:00Z", "model": "1", "score": 0.5, "temp": 3.5, "hour": 7,
            "carrier": "AA", "sunny": True,
        }  # fmt: skip
        kind = draw(st.integers(0, 9))
        if kind < 4:
            row[draw(st.sampled_from(_COLUMNS) | st.text(max_size=3))] = draw(_JSON)
        elif kind == 4:
            row = draw(_JSON)
        text = json.dumps(row, ensure_ascii=draw(st.booleans()), allow_nan=True)
        if kind == 5:
            at = draw(st.integers(0, len(text)))
            text = (
                text[:at]
                + draw(st.sampled_from(['"', "{", "}", ",", "\x00", "\\", "[", "\\ud800", "NaN", " "]))
                + text[at:]
            )
        lines.append(text)
    end = draw(st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n"]))
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "latin-1", "utf-16"]))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return text.encode(encoding, "replace" if not encoding.startswith("utf") else "surrogatepass")


def check_json_lines(file: Path) -> None:
    """Each line is a row, or the file is refused in words."""
    data = file.read_bytes()
    read = rows_read(file, "jsonl")
    if read is not None and b"\r" not in data:
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        assert read == sum(bool(line.strip()) for line in lines), read


PARQUET = Fuzzer("parquet_bytes", ".parquet", _damaged(), check_parquet)
CSV = Fuzzer("csv_dialects", ".csv", _csv(), check_csv)
JSON_LINES = Fuzzer("json_lines", ".jsonl", _json_lines(), check_json_lines)
__all__ = ["CSV", "JSON_LINES", "PARQUET"]
