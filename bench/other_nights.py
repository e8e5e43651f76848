"""`python -m bench.other_nights`: whether faults are found as soon where they begin on other nights.

`python -m bench detection` has each fault begin on one night. Here some begin again and again, some nights
later each time, and all tools are set as they are there: by the same quiet nights, at as few false alarms.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bench.detection.batches import written
from bench.detection.compared import EQUAL, PEERS
from bench.detection.faults import KINDS, cases
from bench.detection.kept import Kept
from bench.detection.later import begun, found_later, watched_later
from bench.detection.ours import OURS
from bench.detection.world import AFTER
from bench.detection.worlds import WORLDS
from bench.environments import python_of
from bench.measurement import BenchError, measure
from bench.parts.detection import NAME, with_strength
from bench.process import Limits
from bench.report import replaced
from bench.table import table

_DOCUMENT = Path(__file__).parents[1] / "docs" / "detection.md"
_LIMITS = Limits(7_200, 16_000_000_000)
LATER = {
    "flights": ("nulls/1", "category shift/1", "swapped columns/2"),
    "independent": (
        "covariate shift in one segment/0",
        "concept drift, sudden/0",
        "concept drift, slow/1",
    ),
}
"""What a peer finds sooner where it begins on one night only; of `independent`, by few quiet nights."""

Found = Mapping[str, Sequence[int | None]]


def looked_at(folder: Path, world: str, names: Sequence[str], starts: Sequence[int]) -> list[int]:
    """Evaluate what is not kept yet; the starts that there are nights enough for.

    Args:
        folder: of the world, with what the benchmark of detection has kept.
        world: its name.
        names: of the cases.
        starts: nights later.
    """
    there, chosen = WORLDS[world](), [case for case in cases() if case.name in names]
    nights = len(Kept(folder, OURS).read(AFTER))
    fitting = [start for start in starts if start + max(case.nights for case in chosen) <= nights]
    later = begun(chosen, fitting)
    # peers are taught by the reference, which is written with the batches of the nights without a fault
    written(replace(there, after=nights), folder / "batches", [])
    watched_later(there, folder, later)
    columns = {"numbers": there.numbers, "categories": there.categories}
    for tool in PEERS:
        arguments = {"folder": str(folder), "cases": list(later)} | columns
        done = measure(f"detection_{tool}", arguments, limits=_LIMITS, repeats=1, python=python_of(tool))
        if done.failure:
            raise BenchError(f"{tool}, {world}: {done.failure}")
    return fitting


def report(found: Mapping[tuple[str, str], Found]) -> str:
    """A line for each fault: on which nights each tool found it, and how it does beside the others.

    Args:
        found: by world and case, of each tool the nights.
    """
    rows = []
    for (world, case), of in found.items():
        ours, (first, second) = of[OURS], (of[peer] for peer in PEERS)
        better = [_sooner(each) for each in zip(first, second, strict=True)]
        pairs = [(_late(our), _late(peer)) for our, peer in zip(ours, better, strict=True)]
        rows.append(
            [
                world,
                with_strength(case),
                f"{len(ours)}",
                *(_told(of[tool]) for tool in (OURS, *PEERS)),
                f"{sum(our < peer for our, peer in pairs)}",
                f"{sum(our == peer for our, peer in pairs)}",
                f"{sum(our > peer for our, peer in pairs)}",
            ]
        )
    titles = [
        "world",
        "fault",
        "times begun",
        "ours: nights",
        "Evidently",
        "NannyML",
        "ours sooner than the better of both",
        "as soon",
        "later",
    ]
    said = (
        "The night on which a fault was found, of each time that it began, in the order of these (-: not "
        "found), and the median of those found; at equal false alarms:"
    )
    return f"{said}\n\n{table(titles, rows, words=2)}"


def _told(nights: Sequence[int | None]) -> str:
    """The nights one by one, and the median of those on which it was found."""
    found = [night for night in nights if night is not None]
    each = " ".join("-" if night is None else str(night) for night in nights)
    return f"{each}; {statistics.median(found):g}" if found else each


def _sooner(nights: Sequence[int | None]) -> int | None:
    return min((night for night in nights if night is not None), default=None)


def _late(night: int | None) -> float:
    return float("inf") if night is None else night


def main() -> None:
    """Measure, and write the table into docs/detection.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder that `python -m bench detection` was given"
    )
    parser.add_argument("--worlds", nargs="+", default=list(LATER), choices=list(WORLDS))
    parser.add_argument("--cases", nargs="+", default=[], help="such as nulls/1; left out: some")
    parser.add_argument("--step", type=int, default=4, help="nights between two starts (default: 4)")
    parser.add_argument("--times", type=int, default=9, help="how often it begins, at most (default: 9)")
    options = parser.parse_args()
    known = {case.name for case in cases(KINDS)}
    if unknown := set(options.cases) - known:
        parser.error(f"there is no case {min(unknown)!r}")
    if not options.cases and (without := [world for world in options.worlds if world not in LATER]):
        parser.error(f"of {without[0]}, --cases says which faults are to begin again")
    found = {}
    for world in options.worlds:
        folder = options.data.absolute() / NAME / world
        names = options.cases or LATER[world]
        nights = len(Kept(folder, OURS).read(AFTER))
        begins = range(0, nights, options.step)[: options.times]
        starts = looked_at(folder, world, names, begins)
        found |= {(world, case): found_later(folder, case, starts, EQUAL) for case in names}
    text = report(found)
    print(text)
    before = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(replaced(before, "other_nights", text), encoding="utf-8")


if __name__ == "__main__":
    main()
