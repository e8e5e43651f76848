"""`python -m bench.hierarchical`: small segments shrunk in closed form, beside a hierarchical model by NUTS.

Segments have shares of a beta distribution and few rows each. Both see the same counts; what they say is held
against the shares that the rows were drawn with.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.environments import NotInstalledError, python_of
from bench.process import Limits, run
from bench.table import table
from obs_dagster.segments.shrinkage import siblings

_DOCUMENT = Path(__file__).parents[1] / "docs" / "where.md"
_LIMITS = Limits(seconds=900, memory=8_000_000_000)


@dataclass(frozen=True)
class Segments:
    """Small segments.

    Attributes:
        true: the shares that rows were drawn with, shape (k,).
        parts: rows that count.
        rows: all rows.
    """

    true: np.ndarray
    parts: np.ndarray
    rows: np.ndarray

    @classmethod
    def draw(cls, seed: int, number: int = 200) -> Segments:
        """Segments of 20 to 300 rows, whose shares lie around 0.1."""
        random = np.random.default_rng(seed)
        true = random.beta(6, 54, number)
        rows = np.exp(random.uniform(np.log(20), np.log(300), number)).astype(np.int64)
        return cls(true, random.binomial(rows, true), rows)


@dataclass(frozen=True)
class Shrunk:
    """What is said of the shares, and the processor's seconds that it took."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seconds: float

    def error(self, true: np.ndarray) -> float:
        """The root of the mean squared error."""
        return float(np.sqrt(np.mean((self.mean - true) ** 2)))

    def coverage(self, true: np.ndarray) -> float:
        """How many of the intervals hold the true share."""
        return float(np.mean((self.low <= true) & (true <= self.high)))


def plain(segments: Segments) -> Shrunk:
    """Each segment by itself, with Wilson's interval."""
    from obs_dagster.metrics.intervals import wilson

    began = time.process_time()
    bounds = np.array([wilson(part, rows) for part, rows in zip(segments.parts, segments.rows, strict=True)])
    mean = segments.parts / segments.rows
    return Shrunk(mean, bounds[:, 0], bounds[:, 1], time.process_time() - began)


def in_closed_form(segments: Segments) -> Shrunk:
    """As nights do it: a beta distribution by moments."""
    began = time.process_time()
    common = siblings(segments.parts, segments.rows)
    pairs = list(zip(segments.parts, segments.rows, strict=True))
    mean = np.array([common.shrunk(part, rows) for part, rows in pairs])
    bounds = np.array([common.interval(part, rows) for part, rows in pairs])
    return Shrunk(mean, bounds[:, 0], bounds[:, 1], time.process_time() - began)


def by_nuts(segments: Segments, seed: int) -> Shrunk:
    """By NumPyro, in its environment."""
    asked = {"parts": segments.parts.tolist(), "rows": segments.rows.tolist(), "seed": seed}
    command = [python_of("numpyro"), "-m", "bench.measured.hierarchical_numpyro", json.dumps(asked)]
    done = run(command, _LIMITS)
    if done.failure:
        raise NotInstalledError(f"numpyro: {done.failure}")
    told = json.loads(done.output.splitlines()[-1])
    facts = {name: np.array(values) for name, values in told["facts"].items()}
    return Shrunk(facts["mean"], facts["low"], facts["high"], told["cpu"])


def report(seeds: Sequence[int]) -> str:
    """The table."""
    ways: dict[str, Callable[[Segments, int], Shrunk]] = {
        "each by itself": lambda segments, _: plain(segments),
        "empirical Bayes, closed form": lambda segments, _: in_closed_form(segments),
        "hierarchical model, NUTS (NumPyro)": by_nuts,
    }
    rows = []
    for name, way in ways.items():
        found = [(Segments.draw(seed), way(Segments.draw(seed), seed)) for seed in seeds]
        rows.append(
            [
                name,
                f"{np.mean([each.error(segments.true) for segments, each in found]):.4f}",
                f"{np.mean([each.coverage(segments.true) for segments, each in found]):.1%}",
                f"{np.mean([each.seconds for _, each in found]):.3g}",
            ]
        )
        print(rows[-1], flush=True)
    said = (
        f"{len(seeds)} times 200 segments of 20 to 300 rows with shares drawn from a beta distribution; how "
        "far what is said lies from them, how many intervals hold them, and the seconds of the processor."
    )
    return f"{said}\n\n{table(('way', 'RMSE', 'coverage', 'seconds'), rows)}"


def main() -> int:
    """Measure, and write the table into docs/where.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    try:
        text = report(range(parser.parse_args().times))
    except NotInstalledError as error:
        print(error, file=sys.stderr)
        return 1
    marks = "<!-- results: hierarchical -->", "<!-- end -->"
    before = _DOCUMENT.read_text(encoding="utf-8")
    pattern = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
    after = pattern.sub(lambda _: f"{marks[0]}\n\n{text}\n\n{marks[1]}", before)
    _DOCUMENT.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
