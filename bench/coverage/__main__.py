"""`python -m bench.coverage`: simulates, and writes the table into docs/coverage.md."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import numpy as np

from bench.coverage.adapted import MOVES as SHIFTS
from bench.coverage.adapted import adapted
from bench.coverage.class_estimates import MOVES, classes
from bench.coverage.estimates import BASELINES, binary
from bench.coverage.late_labels import LATE, late_labels
from bench.coverage.losses import losses
from bench.coverage.worlds import WORLDS, World
from bench.report import replaced
from bench.table import table
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.task import tasks
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.shape import fit_shape
from obs_dagster.tasks.outcomes import OutcomeProfile, reduce_outcomes
from obs_dagster.tasks.protocol import task_of

SIZES = (100, 1_000, 10_000)
WITHIN = 0.93, 0.97
#: Rows, or requests, that the truth is taken from; and rows that are reduced at once.
_POPULATION, _AT_ONCE = 1_000_000, 2_000_000
_DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"
_RESULTS = Path(__file__).parents[2] / "bench" / "results" / "coverage.json"

Found = Mapping[str, Estimate]


def unmeasured() -> list[str]:
    """The tasks with labels that no world is of."""
    with_labels = {name for name, task in tasks().items() if getattr(task, "outcomes", None)}
    return sorted(with_labels - {world.task for world in WORLDS})


def truth_of(world: World) -> dict[str, float]:
    """What every metric is of the population, by metric and what it is about."""
    random = np.random.default_rng(1)
    ((_, found),) = _samples(world, random, 1, _POPULATION)
    return {name: each.value for name, each in found.items() if each.value is not None}


def coverage(world: World, truth: Mapping[str, float], size: int, samples: int) -> dict[str, tuple[int, int]]:
    """By metric, in how many samples its interval holds the truth, of how many that have one."""
    held: dict[str, list[bool]] = defaultdict(list)
    random = np.random.default_rng(size)
    for _, found in _samples(world, random, samples, size):
        for name, each in found.items():
            if name in truth and each.low is not None and each.high is not None:
                # sums of what is all alike differ by their last digits
                near = 1e-9 * abs(truth[name])
                held[name.partition("|")[0]].append(each.low - near <= truth[name] <= each.high + near)
    return {name: (int(sum(each)), len(each)) for name, each in held.items()}


def _samples(
    world: World, random: np.random.Generator, samples: int, size: int
) -> Iterator[tuple[int, Found]]:
    monitor = world.monitor
    kind = task_of(monitor).outcomes
    if kind is None:
        raise ValueError(f"{world.task} has no labels")
    grids = Grids({})
    if "minutes" in world.columns.values():
        grids = Grids({"minutes": fit_shape(world.draw(np.random.default_rng(0), 1, 5_000)["minutes"])})
    at_once = max(1, _AT_ONCE // (size * 7))
    for start in range(0, samples, at_once):
        count = min(at_once, samples - start)
        frame = nw.from_native(duckdb.connect().from_arrow(world.rows(random, count, size)))
        profile = reduce_outcomes(frame, monitor, grids, kind)
        for sample in range(count):
            yield start + sample, _estimates(world, profile, str(sample), start + sample)


def _estimates(world: World, profile: OutcomeProfile, version: str, seed: int) -> Found:
    monitor, found = world.monitor, {}
    for column, given in profile.kind.inputs(profile.cell(version, WHOLE), monitor, WHOLE, seed):
        names = {
            name
            for name, metric in family("performance", world.task).items()
            if (metric.definition.about == "model") == (not column)
        }
        for name, each in evaluate("performance", given, task=world.task, only=names).items():
            found[f"{name}|{column}"] = each
    return found


def section(results: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]]) -> str:
    """The results as a table for each world."""
    parts = []
    worlds = [world.told for world in WORLDS if world.told in results]
    for told, by_size in ((told, results[told]) for told in worlds):
        sizes = list(by_size)
        names = list(dict.fromkeys(name for found in by_size.values() for name in found))
        lines = [[f"`{name}`", *(_cell(by_size[size].get(name)) for size in sizes)] for name in names]
        counted = next((world.counted for world in WORLDS if world.told == told), "rows")
        titles = ["metric", *(f"{int(size):,} {counted}" for size in sizes)]
        parts.append(f"### {told[:1].upper()}{told[1:]}\n\n{table(titles, lines, words=1)}")
    return "\n\n".join(parts)


def _cell(found: Sequence[int] | None) -> str:
    if found is None or found[1] == 0:
        return "none"
    share = found[0] / found[1]
    # of so many samples a share of 95 % is within, but for one time in twenty
    chance = 1.96 * (0.95 * 0.05 / found[1]) ** 0.5
    missed = share < WITHIN[0] - chance or share > WITHIN[1] + chance
    return f"**{share:.1%}**" if missed else f"{share:.1%}"


def main() -> None:
    """Simulate, keep the results and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000, help="of each size")
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--world", type=int, nargs="*", help="numbers of worlds; left out: all")
    parser.add_argument("--estimates", action="store_true", help="those before labels, and nothing else")
    parser.add_argument(
        "--tables", nargs="*", default=TABLES, choices=TABLES, help="those of estimates that are made anew"
    )
    parser.add_argument("--report", action="store_true", help="write the kept results into the document only")
    options = parser.parse_args()
    if lacking := unmeasured():
        parser.error(f"no world for {', '.join(lacking)}: add one to bench/coverage/worlds.py")
    results: dict[str, Any] = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
    if options.estimates:
        _before_labels(options.sizes, options.samples, options.tables)
        return
    for number, world in enumerate(WORLDS):
        if options.report or (options.world is not None and number not in options.world):
            continue
        truth = truth_of(world)
        for size in options.sizes:
            # as sure for a tenth of the work: what is wrong at many rows is wrong in most samples
            samples = max(100, options.samples // (1 if size < 10_000 else 4))
            results.setdefault(world.told, {})[str(size)] = coverage(world, truth, size, samples)
            missed = {
                name: _cell(each)
                for name, each in results[world.told][str(size)].items()
                if "**" in _cell(each)
            }
            print(world.told, size, missed, flush=True)
            _RESULTS.parent.mkdir(exist_ok=True)
            _RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    _write("coverage", section(results))


TABLES = ("estimates", "class estimates", "adapted estimates", "estimates of errors", "completed values")
"""What is known of values before all labels are there, by the name of its table."""


def _before_labels(sizes: Sequence[int], samples: int, tables: Sequence[str]) -> None:
    """Estimates of every kind, adapted and completed ones, as tables by rows.

    Args:
        sizes: rows of windows.
        samples: windows of each size; of what takes longer a third.
        tables: those that are made.
    """
    larger = [size for size in sizes if size >= 1_000]
    few = max(samples // 3, 20)
    moves = {f"moved by {move:g}": move for move in SHIFTS}

    def moved(told: str, rows: int) -> dict[str, tuple[int, int]]:
        plain = adapted(moves[told], rows, few, adapts=False)
        return adapted(moves[told], rows, few) | plain

    def completed() -> str:
        return "\n\n".join(_by_size([told], larger, partial(late_labels, samples=few)) for told in LATE)

    made: Mapping[str, Callable[[], str]] = {
        "estimates": lambda: _by_size(BASELINES, sizes, partial(binary, samples=samples)),
        "class estimates": lambda: _by_size(MOVES, larger, partial(classes, samples=few)),
        "adapted estimates": lambda: _by_size(moves, larger, moved),
        "estimates of errors": lambda: _by_size(
            moves, larger, lambda told, rows: losses(moves[told], rows, few)
        ),
        "completed values": completed,
    }
    for table_of in tables:
        _write(table_of, made[table_of]())


def _by_size(
    told: Iterable[str], sizes: Sequence[int], held: Callable[[str, int], dict[str, tuple[int, int]]]
) -> str:
    found = {(each, size): held(each, size) for each in told for size in sizes}
    names = next(iter(found.values()))
    lines = [[f"`{name}`", *(_cell(each.get(name)) for each in found.values())] for name in names]
    return table(["metric", *(f"{each}, {size:,} rows" for each, size in found)], lines, words=1)


def _write(part: str, content: str) -> None:
    text = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(replaced(text, part, content), encoding="utf-8")


if __name__ == "__main__":
    main()
