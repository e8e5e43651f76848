"""`python -m bench.content.quiet`: how often a year of quiet nights alarms, of texts, vectors and images.

Values are described once, by ingestion as a night has it. Each night is drawn from them, with shares of what
they are about that differ from day to day; what is learned from a baseline is learned anew for each year,
and a night is counted, compared and judged by the code of nights. Years are drawn from their number.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from bench.content.world import FIRST, REFERENCE, Values, World
from bench.content.worlds import pools, worlds
from bench.false_alarms import NIGHTS, alarms_of_a_year
from bench.quiet_rows import told
from bench.report import replaced
from bench.table import table
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import Lake
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.metrics.drift.day_counts import DayCounts, Together
from obs_dagster.monitor import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.profile.profile import Profile
from obs_dagster.profile.reduction import reduce_days
from obs_dagster.sources.files import connect
from obs_dagster.sources.ingest import ingest_logs

if TYPE_CHECKING:
    import duckdb

    from obs_dagster.profile.grids.grid import Grids

RULES = ("moved_beyond_days", "content_unlike_baseline")
"""The default rules with a budget that content has, the second one of what is unlike the baseline."""

_DOCUMENT = Path(__file__).parents[2] / "docs" / "content.md"
_RESULTS = "quiet content"
_ROWS, _YEARS, _ALIKE = 1_000, 5, 250.0
_AT_ONCE = 60
"""Nights that are counted at once, so that memory stays small."""


class Described:
    """Values of a world, each described once.

    Args:
        world: the world.
        kinds: of each kind of values its share of a day, and the values.
        folder: takes its log and lake; is empty.
    """

    def __init__(self, world: World, kinds: Sequence[tuple[float, Values]], folder: Path) -> None:
        values = [value for _, of_kind in kinds for value in of_kind]
        self.shares = np.array([share for share, _ in kinds])
        self.sizes = np.array([len(of_kind) for _, of_kind in kinds])
        keys = world.monitor()
        keys["logs"]["path"] = "logs/{day}.parquet"
        self.monitor = Monitor.model_validate(keys, context=folder / "monitor.yaml")
        world.write_values(folder, FIRST, values)
        lake = Lake(folder / "lake")
        ingest_logs(self.monitor, FIRST, lake)
        self.path = lake.table(world.name, "inference_logs").path(FIRST)

    @property
    def columns(self) -> list[str]:
        """What is compared with a baseline."""
        return [each.name for each in profiled_columns(self.monitor) if each.role != "latency"]

    @property
    def unlike(self) -> list[str]:
        """What says how unlike the baseline values are."""
        described = self.monitor.described.items()
        return [name for name, (_, each) in described if each.learned and each.type == "number"]

    def drawn(
        self, chance: np.random.Generator, first: int, days: int, shares: np.ndarray | None = None
    ) -> pa.Table:
        """The places of the values of some days, of which the first has a number.

        Args:
            chance: draws them.
            first: its number.
            days: how many.
            shares: of each kind; left out: as usual.
        """
        usual = self.shares if shares is None else shares
        starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        places = []
        for _ in range(days):
            kinds = chance.choice(len(self.sizes), _ROWS, p=chance.dirichlet(_ALIKE * usual))
            places.append(starts[kinds] + chance.integers(self.sizes[kinds]))
        number = np.repeat(np.arange(first, first + days), _ROWS)
        return pa.table({"place": np.concatenate(places), "number": number})

    def rows(self, connection: duckdb.DuckDBPyConnection, drawn: pa.Table) -> nw.LazyFrame[Any]:
        """The rows of days, with the text column `DAY`."""
        twice = "count(*) OVER (PARTITION BY drawn.number, drawn.place) > 1"
        repeated = [name for name in self.columns if name.endswith("_repeated")]
        replacing = [f"{twice} AS {identifier(name)}" for name in repeated]
        noon = literal(f"{FIRST} 12:00:00+00")
        replacing.append(f'TIMESTAMPTZ {noon} + to_days(drawn.number::INTEGER) AS "at"')
        connection.register("drawn", drawn)
        query = (
            f"SELECT log.* REPLACE ({', '.join(replacing)}), CAST(drawn.number AS VARCHAR) AS {DAY} "
            f"FROM drawn JOIN read_parquet({literal(str(self.path))}, hive_partitioning = false) AS log "
            "ON drawn.place = CAST(log.id AS BIGINT)"
        )
        return nw.from_native(connection.sql(query))


def p_values_of_a_year(
    described: Described, year: int, nights: int = NIGHTS, shares: np.ndarray | None = None
) -> np.ndarray:
    """The p-values of a year's nights, (nights, columns), held against four weeks before them.

    Args:
        described: the values.
        year: its number, which it is drawn from.
        nights: how many.
        shares: of each kind on these nights; left out: as on the days before.
    """
    chance, monitor = np.random.default_rng(year), described.monitor
    with connect() as connection:
        before = described.drawn(chance, 0, REFERENCE)
        grids = fit_grids(described.rows(connection, before), monitor)
        days = _reduced(connection, described, before, grids)
        baseline = Profile.merged(days, grids)
        among = Together()
        known = [
            DayCounts(_counts(baseline, name), [_counts(each, name) for each in days], among=among)
            for name in described.columns
        ]
        found: list[list[float]] = []
        for begin in range(0, nights, _AT_ONCE):
            drawn = described.drawn(chance, REFERENCE + begin, min(_AT_ONCE, nights - begin), shares)
            found += [
                [
                    column.questions.p_value(_counts(night, name))
                    for name, column in zip(described.columns, known, strict=True)
                ]
                for night in _reduced(connection, described, drawn, grids)
            ]
    return np.array(found)


def _reduced(
    connection: duckdb.DuckDBPyConnection, described: Described, drawn: pa.Table, grids: Grids
) -> list[Profile]:
    found = reduce_days(described.rows(connection, drawn), described.monitor, grids, DAY)
    return [found[number] for number in sorted(found, key=int)]


def _counts(profile: Profile, column: str) -> Any:
    found = profile.counts("1", WHOLE, column)
    return profile.no_counts(column) if found is None else found


def alarms_of(described: Described, years: Sequence[int], nights: int = NIGHTS) -> Iterator[tuple[int, ...]]:
    """How many alarms each year has, by `RULES`."""
    unlike = [described.columns.index(name) for name in described.unlike]
    for year in years:
        found = p_values_of_a_year(described, year, nights)
        yield alarms_of_a_year(found), alarms_of_a_year(found[:, unlike])


def results(alarms: Mapping[str, Sequence[tuple[int, ...]]]) -> str:
    """Alarms a year of each world as a table in Markdown."""
    lines = [
        [name, str(len(each)), *(told([year[rule] for year in each]) for rule in range(len(RULES)))]
        for name, each in alarms.items()
    ]
    head = (
        f"Alarms a year at a budget of 1, mean and 95 % interval, of years of {NIGHTS} quiet nights of "
        f"{_ROWS:,} rows, each year with four weeks of its own before it."
    )
    return f"{head}\n\n{table(['world', 'years', *(f'`{rule}`' for rule in RULES)], lines, words=1)}"


def main() -> None:
    """Measure, and write the table into the document."""
    parser = argparse.ArgumentParser(prog="python -m bench.content.quiet", description=__doc__)
    parser.add_argument("--years", type=int, default=_YEARS)
    parser.add_argument("--worlds", nargs="+", choices=[*worlds()], default=[*worlds()])
    chosen = parser.parse_args()
    found: dict[str, list[tuple[int, ...]]] = {}
    for name in chosen.worlds:
        with tempfile.TemporaryDirectory() as folder:
            described = Described(worlds()[name](), pools(name), Path(folder))
            found[name] = []
            for each in alarms_of(described, range(chosen.years)):
                found[name].append(each)
                print(name, dt.datetime.now(dt.UTC).strftime("%H:%M:%S"), each, flush=True)
    text = results(found)
    print(text)
    if len(found) == len(worlds()):
        _DOCUMENT.write_text(replaced(_DOCUMENT.read_text("utf-8"), _RESULTS, text), "utf-8")


if __name__ == "__main__":
    main()
