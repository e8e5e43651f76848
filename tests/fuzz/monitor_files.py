"""Monitor files: real ones that somebody's hand slipped over, and anything at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from obs_dagster.catalogue import monitor_of
from obs_dagster.monitor import MonitorError
from tests.fuzz.fuzzer import Fuzzer

_ROOT = Path(__file__).parents[2]
_REAL = [
    file.read_text(encoding="utf-8", errors="replace")
    for folder in (
        _ROOT / "monitors",
        _ROOT / "obs_dagster" / "monitor",
        _ROOT / "tests" / "unit" / "monitor" / "cases",
    )
    for file in sorted(folder.glob("*.yaml"))
    if file.stat().st_size < 20_000
]
_SCALARS = [
    "", "~", "null", "[]", "{}", "- 1", "1e400", ".nan", "-.inf", "-1", "0", "9" * 40, "2024-02-30",
    "0001-01-01", "9999-12-31", "true", "No", "&a [*a]", "*a", "!!python/object/apply:os.system [x]",
    "!!binary x", "!x y", "'", '"', "|", ">", "%", "@x", "`x`", "\u2028", "\x00", "\ufeff", "\ud7ff",
    "\U0001f642" * 50, "a" * 5_000, "${HOME}", "${", "${A-}", "{day}", "{day", "}", "{version}/{day}",
    "1:30:00", "0x1F", "0o17", "1_000", "[" * 200, "{a: " * 50, "? x", "<<: *a", "[1, 2, 3]", "{a: 1}",
    "Europe/Nowhere", "* * * * *", "60 24 * * *", "psi", "log://", "http://[::1", "//", "1.5", "-0.0",
    "1e-400", "\xe9", "a: b: c", "# x", "\t", "  x", "binary_classification", "training", "1d", "-1d",
    "%Y",
]  # fmt: skip
_KEYS = sorted(
    {line.split(":")[0].strip(" -{") for text in _REAL for line in text.splitlines() if ":" in line}
)


@st.composite
def _slipped(draw: Any) -> bytes:
    lines = draw(st.sampled_from(_REAL)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        kind = draw(st.sampled_from(["delete", "twice", "value", "key", "indent", "insert", "cut", "move"]))
        if kind == "delete":
            del lines[at]
        elif kind == "twice":
            lines.insert(at, line)
        elif kind == "value":
            lines[at] = f"{line.partition(':')[0]}: {draw(st.sampled_from(_SCALARS))}"
        elif kind == "key":
            before = line[: len(line) - len(line.lstrip(" -"))]
            lines[at] = f"{before}{draw(st.sampled_from(_KEYS))}:{line.partition(':')[2]}"
        elif kind == "indent":
            lines[at] = " " * draw(st.integers(0, 9)) + line.lstrip()
        elif kind == "insert":
            place = draw(st.integers(0, len(line)))
            lines[at] = line[:place] + draw(st.sampled_from(_SCALARS) | st.text(max_size=5)) + line[place:]
        elif kind == "cut":
            lines[at] = line[: draw(st.integers(0, len(line)))]
        else:
            lines.insert(draw(st.integers(0, len(lines))), lines.pop(at))
    return "\n".join(lines).encode("utf-8", "surrogatepass")


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(_SCALARS[:20])
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


def _document(value: object) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")


_FIRST = ["model", "start", "logs", "features"]
_SCHEMATIC = st.fixed_dictionaries(
    dict.fromkeys(_FIRST, _VALUES),
    optional={key: _VALUES for key in _KEYS if key.islower() and key not in _FIRST},
)


def check(file: Path) -> None:
    """It is a monitor, or the mistakes are said."""
    with suppress(MonitorError):
        monitor_of(file, environ={})


FUZZER = Fuzzer(
    "monitor_files",
    ".yaml",
    _slipped()
    | _slipped()
    | _slipped()
    | _SCHEMATIC.map(_document)
    | _VALUES.map(_document)
    | st.binary(max_size=200),
    check,
)
