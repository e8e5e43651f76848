"""The books of a day's log in numbers: where the rows went that were read."""

from __future__ import annotations

from typing import Protocol

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.tally import Tally


class Accounts(Protocol):
    """Where the rows of a day's log went (see `obs_dagster.quality.books`)."""

    @property
    def read(self) -> int: ...  # noqa: D102

    @property
    def forgotten(self) -> int: ...  # noqa: D102

    @property
    def duplicates(self) -> int: ...  # noqa: D102

    @property
    def outside(self) -> int: ...  # noqa: D102

    @property
    def quarantined(self) -> int: ...  # noqa: D102

    @property
    def refused(self) -> int: ...  # noqa: D102

    @property
    def evaluated(self) -> int: ...  # noqa: D102

    @property
    def untaken(self) -> int: ...  # noqa: D102

    @property
    def unaccounted(self) -> int: ...  # noqa: D102


_ROWS: Tally[Accounts] = Tally(
    family="books", unit="rows", behind=lambda accounts: accounts.read, formula="count of rows."
)

METRICS = (
    _ROWS.count(
        "rows_evaluated",
        "Evaluated rows",
        "How many rows of the day's log were evaluated, of all versions.",
        lambda accounts: accounts.evaluated,
        formula="rows that the day's profile counts.",
    ),
    _ROWS.count(
        "rows_quarantined",
        "Rows in quarantine",
        "How many rows broke the contract and are not evaluated; those of another day are counted apart.",
        lambda accounts: accounts.quarantined,
    ),
    _ROWS.count(
        "rows_outside",
        "Rows of another day",
        "How many rows have a time that is not in the day of their file; they are in quarantine.",
        lambda accounts: accounts.outside,
    ),
    _ROWS.count(
        "rows_repeated",
        "Repeated rows",
        "How many rows are of a prediction that another row has, which counts (`identity` in the monitor).",
        lambda accounts: accounts.duplicates,
    ),
    _ROWS.count(
        "rows_refused",
        "Rows of days that are not evaluated",
        "How many sound rows are not evaluated because their day is not.",
        lambda accounts: accounts.refused,
    ),
    _ROWS.count(
        "rows_forgotten",
        "Rows of forgotten ids",
        "How many rows are passed over because somebody asked for their id to be forgotten.",
        lambda accounts: accounts.forgotten,
    ),
    _ROWS.count(
        "rows_untaken",
        "Rows that no day takes",
        "Where folders by day of UTC are read by time: how many rows are of a day that is read by its own "
        "files alone, because its rows say that folders are local days.",
        lambda accounts: accounts.untaken,
        watched=(
            DefaultRule(
                name="rows_untaken",
                above=0.0,
                min_rows=1,
                summary="Rows are of a day that does not read the folder they are in: none "
                "evaluates them. Write `logs.day_of: time` if folders are by day of UTC, and run both days "
                "again.",
                why="The rows of these days disagree on what their folders mean; nothing else shows it.",
            ),
        ),
    ),
    _ROWS.count(
        "rows_unaccounted",
        "Unaccounted rows",
        "How many rows were read and are nowhere: neither evaluated nor in quarantine, repeated, refused or "
        "of another day. Anything but 0 is a fault of obs-dagster, or of who writes into its lake.",
        lambda accounts: abs(accounts.unaccounted),
        formula="|rows read - rows of other days, of none or of forgotten ids - repeated - outside "
        "- quarantined - refused - evaluated|.",
        watched=(
            DefaultRule(
                name="rows_unaccounted",
                above=0.0,
                min_rows=1,
                summary="Rows of the log were read and are nowhere, or are counted twice. Run the day again; "
                "if it stays, report it with what `obs doctor` says.",
                why="Every row is evaluated, or it is said where it went. There is no number of rows that "
                "may be lost.",
            ),
        ),
    ),
)
