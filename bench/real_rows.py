"""`python -m bench.real_rows`: how often intervals hold the truth on rows that nobody drew from a formula.

The flights of the second half of 2013 are a population whose truth is known, for all of them are there. Two
classifiers and a regressor that have seen the first half score them. Samples of rows are drawn, and evaluated
as nights evaluate them: groups compared, segments shrunk, changes explained, versions compared.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.report import replaced
from bench.table import table
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.fairness.groups import GroupCounts, Groups
from obs_dagster.metrics.intervals import wilson
from obs_dagster.segments.effects import explained
from obs_dagster.segments.shrinkage import siblings
from obs_dagster.tasks.binary.judged import EXPLAINS, by_decision
from obs_dagster.tasks.judged import Judged
from obs_dagster.tasks.regression.judged import METRICS as ERRORS
from obs_dagster.versus.day import Pairs, paired_day, unpaired_day
from obs_dagster.versus.sequence import looks

THRESHOLD = 0.3
NIGHTS, NIGHTLY = 28, 300
_SPLIT = "2013-07-01"
_HALF = "2013-10-01"
_DOCUMENT = Path(__file__).parents[1] / "docs" / "coverage.md"


@dataclass(frozen=True)
class Held:
    """How often intervals of something held the truth.

    Attributes:
        held: how often.
        draws: of how many that had an interval.
    """

    held: int
    draws: int

    def __add__(self, other: Held) -> Held:
        return Held(self.held + other.held, self.draws + other.draws)

    @property
    def share(self) -> float:
        """As a share."""
        return self.held / self.draws if self.draws else float("nan")

    @property
    def said(self) -> str:
        """With Wilson's interval; bold where that lies outside of 93 to 97 %."""
        if not self.draws:
            return "too few"
        low, high = wilson(self.held, self.draws)
        text = f"{self.share:.1%}"
        return f"**{text}**" if high < 0.93 or low > 0.97 else text


def scored_flights() -> pd.DataFrame:
    """The labelled flights from July on, with what was predicted: `one`, `two`, `minutes`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from obs_dagster.demo.flights import DELAY, LABEL, NUMERIC, load_flights

    flights = load_flights().dropna(subset=[LABEL])
    seen, rest = (flights[of].copy() for of in (flights["date"] < _SPLIT, flights["date"] >= _SPLIT))
    features, late = list(NUMERIC), seen[LABEL].astype(int)
    first = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    second = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    minutes = HistGradientBoostingRegressor(max_iter=60, random_state=0)
    rest["one"] = first.fit(seen[features], late).predict_proba(rest[features])[:, 1]
    rest["two"] = second.fit(seen[features], late).predict_proba(rest[features])[:, 1]
    rest["minutes"] = minutes.fit(seen[features], seen[DELAY]).predict(rest[features])
    return rest.rename(columns={LABEL: "late", DELAY: "delay"}).assign(
        late=rest[LABEL].astype(int),
        morning=np.where(rest["hour"] < 12, "morning", "later"),
        autumn=rest["date"] >= _HALF,
    )


def groups_of(rows: pd.DataFrame, attribute: str, score: str = "one", least: int = 50) -> Groups:
    """The groups of an attribute, as a night counts them."""
    chosen, deserved = rows[score] >= THRESHOLD, rows["late"] == 1
    found = []
    for name, of in rows.groupby(attribute).indices.items():
        mine, right, value = chosen.to_numpy()[of], deserved.to_numpy()[of], rows[score].to_numpy()[of]
        found.append(
            GroupCounts(
                name=f"{attribute}={name}",
                rows=len(of),
                selected=int(mine.sum()),
                true_positives=int((mine & right).sum()),
                false_positives=int((mine & ~right).sum()),
                true_negatives=int((~mine & ~right).sum()),
                false_negatives=int((~mine & right).sum()),
                scored=len(of),
                score_sum=float(value.sum()),
                positive=int(right.sum()),
                squared_sum=float(((value - right) ** 2).sum()),
            )
        )
    return Groups(attribute, found, least, len(rows))


def fairness(rows: pd.DataFrame, n: int, draws: int, attribute: str) -> Mapping[str, Held]:
    """Of each metric of fairness how often its interval holds that of all rows."""
    rng = np.random.default_rng(n)
    truth = evaluate("fairness", groups_of(rows, attribute), task="binary_classification")
    found = {name: Held(0, 0) for name in truth if name != "group_unknown_share"}
    for _ in range(draws):
        sample = rows.iloc[rng.integers(0, len(rows), n)]
        said = evaluate("fairness", groups_of(sample, attribute), task="binary_classification")
        for name in found:
            each, true = said[name], truth[name].value
            # where a group is too small the number is about the others, and has another truth
            if each.low is not None and each.high is not None and "fewer than" not in each.reason:
                found[name] += Held(int(each.low <= (true or 0.0) <= each.high), 1)
    return found


def judged(rows: pd.DataFrame, score: str = "one") -> Mapping[str, Judged]:
    """Labelled rows by origin, as a change is explained by."""
    found = {}
    for name, of in rows.groupby("origin").indices.items():
        value = rows[score].to_numpy()[of]
        counts = np.zeros((20, 2, 2))
        place = np.clip((20 * value).astype(int), 0, 19)
        np.add.at(counts, (place, (value >= THRESHOLD).astype(int), rows["late"].to_numpy()[of]), 1)
        found[f"origin={name}"] = by_decision(counts)
    return found


def missed(rows: pd.DataFrame) -> Mapping[str, Judged]:
    """Errors of the regressor by origin."""
    found = {}
    for name, of in rows.groupby("origin").indices.items():
        e = rows["minutes"].to_numpy()[of] - rows["delay"].to_numpy()[of]
        keys, place = np.unique((rows["minutes"].to_numpy()[of] // 1).astype(int), return_inverse=True)
        numbers = np.zeros((len(keys), 5))
        np.add.at(numbers, place, np.stack([np.ones(len(e)), abs(e), e**2, e**4, e], axis=1))
        found[f"origin={name}"] = Judged(keys, numbers)
    return found


def changes(rows: pd.DataFrame, n: int, draws: int) -> Mapping[str, Held]:
    """How often the interval of a change, from summer to autumn, holds that of all rows."""
    rng = np.random.default_rng(n)
    halves = [rows[~rows["autumn"]], rows[rows["autumn"]]]
    ways = [(EXPLAINS.metrics, judged, None), (ERRORS, missed, 20)]
    found: dict[str, Held] = {}
    for metrics, counted, parts in ways:
        true = [counted(half) for half in halves]
        wanted = {name: explained(*true, of, parts=parts) for name, of in metrics.items()}
        for _ in range(draws):
            drawn = [counted(half.iloc[rng.integers(0, len(half), n)]) for half in halves]
            for name, of in metrics.items():
                said, whole = explained(*drawn, of, parts=parts), wanted[name]
                if said is not None and whole is not None and said.interval is not None:
                    low, high = said.interval
                    found[name] = found.get(name, Held(0, 0)) + Held(int(low <= whole.change <= high), 1)
    return found


def shrunk(rows: pd.DataFrame, n: int, draws: int, column: str) -> Mapping[str, Held]:
    """How often segments' shares of wrong rows lie in their intervals, plain and drawn towards their like."""
    rng = np.random.default_rng(n)
    codes, names = pd.factorize(rows[column])
    wrong = ((rows["one"] >= THRESHOLD) != (rows["late"] == 1)).to_numpy()
    true = np.bincount(codes, wrong, len(names)) / np.bincount(codes, minlength=len(names))
    found = {"by itself": Held(0, 0), "among its like": Held(0, 0)}
    for _ in range(draws):
        at = rng.integers(0, len(rows), n)
        of = np.bincount(codes[at], minlength=len(names))
        bad = np.bincount(codes[at], wrong[at], len(names)).astype(int)
        kin = siblings(bad, of)
        for place in np.flatnonzero(of >= 20):
            for name, (low, high) in (
                ("by itself", wilson(bad[place], of[place])),
                ("among its like", kin.interval(bad[place], of[place])),
            ):
                found[name] += Held(int(low <= true[place] <= high), 1)
    return found


def versions(rows: pd.DataFrame, draws: int) -> Mapping[str, Held]:
    """In how many rounds of four weeks the interval of a difference held the truth on all nights."""
    rng, named = np.random.default_rng(1), ("recall", "precision", "accuracy", "f1")
    late = rows["late"].to_numpy()
    kinds = {of: 2 * (rows[of].to_numpy() >= THRESHOLD) + late for of in ("one", "two")}
    found: dict[str, Held] = {}
    for name in named:
        metric = EXPLAINS.metrics[name]
        above, below = np.array(metric.above), np.array(metric.below)  # type: ignore[union-attr]
        true = [above[kinds[of]].sum() / below[kinds[of]].sum() for of in kinds]
        difference = float(true[0] - true[1])
        for way in ("the same requests", "the same days"):
            held = 0
            for _ in range(draws):
                nights = []
                for _ in range(NIGHTS):
                    at = rng.integers(0, len(rows), (2, NIGHTLY))
                    if way == "the same requests":
                        parts = np.stack([of[kinds[v][at[0]]] for v in kinds for of in (above, below)])
                        night = paired_day(Pairs(NIGHTLY, parts.sum(axis=1), parts @ parts.T), metric)  # type: ignore[arg-type]
                    else:
                        sides = [
                            {"*": np.bincount(kinds[v][at[s]], minlength=4).astype(float)}
                            for s, v in enumerate(kinds)
                        ]
                        night = unpaired_day(*sides, metric)  # type: ignore[arg-type]
                    if night is not None:
                        nights.append(night)
                held += all(look.low <= difference <= look.high for look in looks(nights))
            found[f"{name}, on {way}"] = Held(held, draws)
    return found


def _rows(
    measured: Callable[[int, int], Mapping[str, Held]], sizes: Sequence[int], draws: Sequence[int]
) -> Iterator[list[str]]:
    found = [measured(n, times) for n, times in zip(sizes, draws, strict=True)]
    for name in found[0]:
        print(name, [each.get(name, Held(0, 0)).said for each in found], flush=True)
        yield [name, *(each.get(name, Held(0, 0)).said for each in found)]


def report(draws: int) -> str:
    """The tables."""
    flights = scored_flights()
    sizes, times = (1_000, 10_000), (draws, max(1, draws // 2))
    heads = tuple(f"{n:,} rows" for n in sizes)
    ways: Mapping[str, Callable[[int, int], Mapping[str, Held]]] = {
        "Groups compared, by time of day (two)": lambda n, of: fairness(flights, n, of, "morning"),
        "Groups compared, by origin (three)": lambda n, of: fairness(flights, n, of, "origin"),
        "Share of wrong rows of destinations, 20 rows and more": lambda n, of: shrunk(
            flights, n, -(-of // 8), "dest"
        ),
        "Changes from summer to autumn": lambda n, of: changes(flights, n, of),
    }
    said = (
        f"The {len(flights):,} labelled flights from July to December 2013 are the population; {times[0]} "
        f"samples of {sizes[0]:,} rows and {times[1]} of {sizes[1]:,}."
    )
    parts = [said]
    for title, measured in ways.items():
        parts.append(f"**{title}**\n\n{table(('interval of', *heads), [*_rows(measured, sizes, times)])}")
    rounds = max(1, draws // 2)
    of_versions = [[name, each.said] for name, each in versions(flights, rounds).items()]
    title = f"Version against version, {NIGHTS} nights of {NIGHTLY} rows at once ({rounds} rounds)"
    parts.append(f"**{title}**\n\n{table(('interval of', 'held on every night'), of_versions)}")
    return "\n\n".join(parts)


def main() -> None:
    """Measure, and write the tables into docs/coverage.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    text = report(parser.parse_args().draws)
    print(text)
    before = _DOCUMENT.read_text(encoding="utf-8")
    _DOCUMENT.write_text(replaced(before, "real_rows", text), encoding="utf-8")


if __name__ == "__main__":
    main()
