"""`python -m bench.effect`: how near estimated effects of a roll-out come to known ones.

Two versions serve side by side for some days. What would have come of each row under either is known, for it
is drawn; so is how often intervals have it. Worlds are drawn from their number, so every run has the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.special import expit

from bench.report import replaced
from bench.table import table
from obs_dagster.effects.covariates import covariates
from obs_dagster.effects.estimate import Estimated, estimated
from obs_dagster.effects.rows import ServedRows
from obs_dagster.effects.values import values_of
from obs_dagster.metrics.intervals import wilson

DAYS, ROWS = 14, 300
_POPULATION = 400_000
_DOCUMENT = Path(__file__).parents[1] / "docs" / "effects.md"
_SEGMENTS = np.array(["a", "b", "c"])


@dataclass(frozen=True)
class Drawn:
    """What is drawn of rows: features x of shape (n, 3), a segment, and the day; by these all else goes."""

    x: np.ndarray
    segment: np.ndarray
    day: np.ndarray
    season: np.ndarray
    luck: np.ndarray


def _same(_: Drawn) -> np.ndarray:
    return np.zeros(1)


def _level(rows: Drawn) -> np.ndarray:
    """The log-odds of the outcome with the first version."""
    return -0.6 + 0.7 * rows.x[:, 0] - 0.4 * rows.x[:, 1] + 0.5 * (rows.segment == 1) + rows.season


def _gain(rows: Drawn) -> np.ndarray:
    """What the second version adds to them."""
    return 0.35 + 0.3 * (rows.segment == 1)


@dataclass(frozen=True)
class World:
    """How rows come to versions, and what comes of them.

    Attributes:
        told: in words.
        route: log-odds that the second version gets a row.
        level, gain: log-odds of the outcome with the first version, and what the second adds; or the mean of
            numbers.
        season: how much days differ in what comes of rows, on the same scale.
        luck: how much they differ in the gain.
        binary: whether the outcome is 0 or 1.
    """

    told: str
    route: Callable[[Drawn], np.ndarray] = _same
    level: Callable[[Drawn], np.ndarray] = _level
    gain: Callable[[Drawn], np.ndarray] = _gain
    season: float = 0.3
    luck: float = 0.0
    binary: bool = True

    def draw(self, random: np.random.Generator, n: int, days: int = DAYS) -> Drawn:
        """What is known of rows before they are served."""
        day = np.sort(random.integers(0, days, n))
        season = np.linspace(-1, 1, days) * self.season * 1.5 + random.normal(0, self.season / 2, days)
        luck = random.normal(0, self.luck, days)
        segment = random.choice(3, n, p=[0.5, 0.3, 0.2])
        return Drawn(random.normal(size=(n, 3)), segment, day, season[day], luck[day])

    def means(self, rows: Drawn) -> tuple[np.ndarray, np.ndarray]:
        """The mean outcome of each row with either version."""
        first, second = self.level(rows), self.level(rows) + self.gain(rows) + rows.luck
        return (expit(first), expit(second)) if self.binary else (first, second)

    def truth(self) -> float:
        """The effect, over many rows of many days."""
        first, second = self.means(self.draw(np.random.default_rng(1), _POPULATION, 4_000))
        return float(np.mean(second - first))

    def rows(self, number: int, rows: int = ROWS) -> ServedRows:
        """The labelled rows of some days."""
        random = np.random.default_rng(number)
        drawn = self.draw(random, DAYS * rows)
        second = random.random(len(drawn.day)) < expit(self.route(drawn) + np.zeros(len(drawn.day)))
        mean = np.where(second, self.means(drawn)[1], self.means(drawn)[0])
        noise = random.random(len(mean)) < mean if self.binary else mean + random.normal(0, 1, len(mean))
        features = {f"x{place}": drawn.x[:, place] for place in range(drawn.x.shape[1])}
        segment = _SEGMENTS[drawn.segment]
        known = pa.table(features | {"segment": segment})
        return ServedRows(
            covariates=covariates(known, list(features), ["segment"]),
            treated=second,
            outcome=np.asarray(noise, dtype=np.float64),
            day=drawn.day.astype(np.int64),
            weight=np.ones(len(mean)),
            binary=self.binary,
            segments={f"segment={name}": segment == name for name in _SEGMENTS},
            values=values_of(known, list(features), ["segment"]),
        )


def _ramp(rows: Drawn) -> np.ndarray:
    return -2.7 + 2.4 * rows.day / DAYS


def _by_features(rows: Drawn) -> np.ndarray:
    return 0.8 * rows.x[:, 0] + 0.7 * (rows.segment == 1)


def _curved(rows: Drawn) -> np.ndarray:
    return 1.2 * (np.abs(rows.x[:, 0]) - 0.8)


def _curved_level(rows: Drawn) -> np.ndarray:
    return -1.0 + 0.9 * np.abs(rows.x[:, 0]) + rows.season


def _none(rows: Drawn) -> np.ndarray:
    return np.zeros(len(rows.day))


def _apart(rows: Drawn) -> np.ndarray:
    return 40.0 * rows.x[:, 0]


def _numbers(rows: Drawn) -> np.ndarray:
    return 2.0 + rows.x[:, 0] + 0.5 * rows.x[:, 1] ** 2 + rows.season


WORLDS = {
    "random": World("a coin is thrown for each row"),
    "ramp": World("a canary that grows from 6 % to 42 %, while days get better", route=_ramp),
    "features": World("features that the outcome follows, too", route=_by_features),
    "curved": World("a feature whose middle goes to the first version", route=_curved, level=_curved_level),
    "days": World("features; the effect is another one each day", route=_by_features, luck=0.4),
    "none": World("features; there is no effect", route=_by_features, gain=_none),
    "numbers": World("features; the outcome is a number", route=_by_features, level=_numbers, binary=False),
    "apart": World("one feature alone: below 0 one version, above it the other", route=_apart),
}


@dataclass(frozen=True)
class Result:
    """What became of the estimates of a world.

    Attributes:
        refused: how many were refused.
        off, raw: how far estimates, and plain differences, were from the truth.
        held, raw_held: whether their intervals had it.
    """

    refused: int
    off: np.ndarray
    raw: np.ndarray
    held: int
    raw_held: int


def measured(world: World, numbers: Sequence[int], rows: int = ROWS) -> Result:
    """Estimate the effect in drawn worlds."""
    truth, found = world.truth(), [_estimated(world, number, rows) for number in numbers]
    raw = [each.raw for each in found]
    known = [each.effect for each in found if each.effect is not None]
    return Result(
        refused=len(found) - len(known),
        off=np.array([each.value - truth for each in known]),
        raw=np.array([each.value - truth for each in raw]),
        held=sum(each.low <= truth <= each.high for each in known),
        raw_held=sum(each.low <= truth <= each.high for each in raw),
    )


def _estimated(world: World, number: int, rows: int) -> Estimated:
    return estimated(world.rows(number, rows), number)


def report(count: int, names: Sequence[str]) -> str:
    """The table of what was estimated."""
    lines = []
    for name in names:
        world = WORLDS[name]
        found = measured(world, range(count))
        known = count - found.refused
        scale = 100 if world.binary else 1
        lines.append(
            [
                world.told,
                f"{scale * world.truth():+.2f}",
                _bias(found.raw, scale),
                _bias(found.off, scale) if known else "",
                _share(found.raw_held, count),
                _share(found.held, known) if known else "",
                f"{100 * found.refused / count:.0f} %",
            ]
        )
        print(lines[-1], flush=True)
    said = (
        f"{count} worlds of {DAYS} days with {ROWS} rows each; effects in points, of numbers in their unit. "
        "Off: the mean error with its own 95 % interval. Held: how often the "
        "95 % interval has the effect, with Wilson's."
    )
    titles = (
        "how rows come to a version",
        "effect",
        "plain difference off by",
        "estimate off by",
        "plain interval held",
        "interval held",
        "refused",
    )
    return f"{said}\n\n{table(titles, lines, words=1)}"


def _bias(off: np.ndarray, scale: float) -> str:
    reach = 1.96 * off.std(ddof=1) / np.sqrt(len(off))
    return f"{scale * off.mean():+.2f} ± {scale * reach:.2f}"


def _share(part: int, of: int) -> str:
    low, high = wilson(part, of)
    return f"{100 * part / of:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Simulate, and write the table into docs/effects.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--worlds", nargs="*", default=list(WORLDS), choices=list(WORLDS))
    options = parser.parse_args()
    text = report(options.count, options.worlds)
    print(text)
    if options.worlds == list(WORLDS):
        before = _DOCUMENT.read_text(encoding="utf-8")
        _DOCUMENT.write_text(replaced(before, "effect", text), encoding="utf-8")


if __name__ == "__main__":
    main()
