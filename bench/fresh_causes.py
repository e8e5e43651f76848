"""`python -m bench.fresh_causes`: whether incidents name what was done, where nothing was tuned.

The ranking of suspects was made with the worlds of the detection benchmark in view. Here the same kinds of
fault befall another one, `bench/detection/payments.py`, and nights with the default rules look at it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.detection.compared import named_causes
from bench.detection.faults import KINDS, cases
from bench.detection.named import FIRST
from bench.detection.ours import watched
from bench.detection.payments import payments
from bench.report import replaced
from bench.table import table
from obs_dagster.metrics.intervals import wilson

_DOCUMENT = Path(__file__).parents[1] / "docs" / "detection.md"
_STRENGTHS = ("weak", "middling", "strong")


def report(found: Mapping[str, int | None], asked: int, strengths: Sequence[str]) -> str:
    """How often the cause stood first and among the first, and where it did not."""
    places = list(found.values())
    first, among = (sum(place is not None and place <= most for place in places) for most in (1, FIRST))
    rows = [
        [
            name,
            f"{part} of {len(places)}",
            f"{part / len(places):.0%}",
            "{:.0%} to {:.0%}".format(*wilson(part, len(places))),
        ]
        for name, part in (("first", first), (f"among the first {FIRST}", among))
    ]
    missed = [
        f"{case.partition('/')[0]} ({_STRENGTHS[int(case.partition('/')[2])]}: "
        f"{f'place {place}' if place else 'not named'})"
        for case, place in found.items()
        if place != 1
    ]
    said = (
        f"{asked} faults of a world of card payments ({', '.join(strengths)} ones) that have a cause in the "
        f"log, of which default rules find {len(places)}."
    )
    told = f" Not first: {'; '.join(missed)}." if missed else ""
    return f"{said}{told}\n\n{table(('the true cause stands', 'faults', 'share', '95 % interval'), rows)}"


def main() -> None:
    """Measure, and write the table into docs/detection.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="keep nights in this folder, so that a run that is cut goes on"
    )
    parser.add_argument("--strengths", nargs="+", default=_STRENGTHS, choices=_STRENGTHS)
    options = parser.parse_args()
    strengths = [_STRENGTHS.index(each) for each in options.strengths]
    world = payments()
    every = [case for strength in strengths for case in cases() if case.place == strength]
    behind = {
        case.name: [list(each) for each in case.kind.behind(world)]
        for case in every
        if case.kind is not None and case.kind in KINDS
    }
    behind = {name: causes for name, causes in behind.items() if causes}
    with tempfile.TemporaryDirectory(prefix="obs-fresh-") as scratch:
        folder = options.data or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        watched(world, folder, every)
        found = named_causes(folder, [case.name for case in every], behind)
        text = report(found, len(behind), options.strengths)
    print(text)
    before = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(replaced(before, "fresh_causes", text), encoding="utf-8")


if __name__ == "__main__":
    main()
