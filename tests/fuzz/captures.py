"""What serving platforms capture, as somebody's gateway has mangled it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.books import books_balance
from tests.fuzz.fuzzer import Fuzzer

_GOLDEN = Path(__file__).parents[1] / "unit" / "sources" / "captures" / "golden"
_FORMS = [file.read_text(encoding="utf-8").splitlines() for file in sorted(_GOLDEN.glob("*.jsonl"))]
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(
        ["", "{", "[]", "{}", "1,2\n3", "null", "aGVsbG8=", "2024-03-04T12:00:00Z", "NaN", [], {}]
    )
)


def _mangled(draw: Any, value: Any) -> Any:
    """One place of a document is something else, is gone, or is there in a list."""
    kind = draw(st.integers(0, 4))
    if isinstance(value, dict) and value and kind:
        key = draw(st.sampled_from(sorted(value)))
        if kind == 1:
            return {name: each for name, each in value.items() if name != key}
        return value | {key: _mangled(draw, value[key])}
    if isinstance(value, list) and value and kind:
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], _mangled(draw, value[at]), *value[at + (kind > 1) :]]
    if isinstance(value, str) and value[:1] in ("{", "[") and kind > 1:
        # a body that is a document in a text
        try:
            return json.dumps(_mangled(draw, json.loads(value)))
        except ValueError:
            return value[: draw(st.integers(0, len(value)))]
    return draw(_LEAVES)


@st.composite
def _captured(draw: Any) -> bytes:
    form = draw(st.sampled_from(_FORMS))
    lines = [draw(st.sampled_from(form)) for _ in range(draw(st.integers(1, 6)))]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.integers(0, 5))
        if kind == 0:
            lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
        elif kind == 1:
            lines.insert(at, draw(st.sampled_from(draw(st.sampled_from(_FORMS)))))
        else:
            try:
                lines[at] = json.dumps(_mangled(draw, json.loads(lines[at])))
            except ValueError:
                # it was cut before
                continue
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def check(file: Path) -> None:
    """Each record is a row, or it is said why it is none; or the file is refused in words."""
    books_balance(file, "capture")


FUZZER = Fuzzer("captures", ".capture", _captured(), check)
