"""The same faults begun on other nights: what a single night decides, and what a tool finds anyway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.detection.batches import written_later
from bench.detection.compared import PEERS, Quiet
from bench.detection.faults import Case
from bench.detection.found import flagged, found_on
from bench.detection.kept import Kept
from bench.detection.ours import OURS, Watch
from bench.detection.world import AFTER, World

Begun = Mapping[str, tuple[int, Case]]
"""By name, how many quiet nights later a case begins, and which it is."""


def begun(cases: Sequence[Case], starts: Sequence[int]) -> Begun:
    """Each case begun on each of some nights, from the first after the quiet ones on.

    Args:
        cases: what happens.
        starts: how many nights later; 0 is when the benchmark's own begin.
    """
    return {name_of(case.name, start): (start, case) for case in cases for start in starts if start}


def name_of(case: str, start: int) -> str:
    """What a case is called that begins so many nights later.

    >>> name_of("nulls/1", 8), name_of("nulls/1", 0)
    ('nulls/1, 8 later', 'nulls/1')
    """
    return f"{case}, {start} later" if start else case


def watched_later(world: World, folder: Path, cases: Begun) -> None:
    """Keep what our defaults say of the nights of cases that begin later, and their batches for peers.

    Args:
        world: the world.
        folder: where what `watched` has found of it is kept, and its home.
        cases: those to look at; what is kept is not looked at again.
    """
    kept = Kept(folder, OURS)
    written_later(world, folder / "batches", cases)
    missing = kept.missing(cases)
    if not missing:
        return
    case_of: dict[int, list[Case]] = {}
    for start, case in (cases[name] for name in missing):
        case_of.setdefault(start, []).append(case)
    watch = Watch.begun(world, folder / "home")
    for start, case, nights in watch.begun_later(case_of, kept.read(AFTER)):
        kept.write(name_of(case.name, start), nights)


def found_later(folder: Path, case: str, starts: Sequence[int], suffix: str) -> dict[str, list[int | None]]:
    """On which night, from 1 on, each tool finds a case, by when it begins; None: it does not.

    Args:
        folder: of the world, with all that is kept of it.
        case: by the name that the benchmark has for it.
        starts: how many nights later it begins, each.
        suffix: how tools are set; by the nights without a fault, which is the same for all starts.
    """
    quiet = Quiet.of(folder)
    most = quiet.allowed[suffix]
    budget = quiet.budget(most)
    twin = quiet.ours(quiet.after, budget)
    found: dict[str, list[int | None]] = {OURS: []}
    for start in starts:
        nights = Kept(folder, OURS).read(name_of(case, start))
        found[OURS].append(found_on(quiet.ours(nights, budget, start), twin[start:]))
    for tool in PEERS:
        thresholds = quiet.thresholds(tool, most)
        twin = flagged(quiet.peers_after[tool], thresholds)
        found[tool] = [
            found_on(flagged(Kept(folder, tool).read(name_of(case, start)), thresholds), twin[start:])
            for start in starts
        ]
    return found
