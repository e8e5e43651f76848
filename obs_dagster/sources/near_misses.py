"""Why labels may not match: ids that would be those of predictions if they were written in another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from obs_dagster.lake.quoting import literal
from obs_dagster.monitor.log_labels import DAY_OF_KEY
from obs_dagster.monitor.model import Monitor

if TYPE_CHECKING:
    import duckdb

#: Labels and rows of the log that are compared.
_LABELS, _ROWS = 1_000, 300_000
_BETWEEN = "chr(31)"
#: Ways to write ids alike, what each leaves out first, as SQL.
_FORMS = {
    "without the blanks around them": "trim({}, chr(32) || chr(9) || chr(10) || chr(13) || chr(160))",
    "in another case": "lower({})",
    "without zeros at the beginning": "ltrim({}, '0')",
    "as numbers, such as 123 for 123.00 or 1.23e2": (
        "coalesce(CAST(TRY_CAST(TRY_CAST({0} AS DOUBLE) AS HUGEINT) AS VARCHAR), {0})"
    ),
}
#: Dashes may be other ones, or stand on one side only; at two places they make two ids, as 1-10 and 11-0 are.
_UNMARKED = "without dashes, braces and the like"
_ALIKE = "lower(trim(regexp_replace({}, '[^0-9A-Za-z]+', '-', 'g'), '-'))"
_LEFT_OUT = "lower(regexp_replace({}, '[^0-9A-Za-z]', '', 'g'))"
_BARE = "lower(regexp_extract({}, '^[^0-9A-Za-z]*([0-9A-Za-z]+)[^0-9A-Za-z]*$', 1))"
#: What stands behind the first mark, and behind the last one: one side may have a prefix, such as `order-17`.
_PREFIXED = "without what stands before a mark"
_BEHIND = (
    "regexp_extract({}, '^[^-_:/#|.]+[-_:/#|.](.+)$', 1)",
    "regexp_extract({}, '[-_:/#|.]([^-_:/#|.]+)$', 1)",
)


@dataclass(frozen=True, slots=True)
class NearMisses:
    """Labels whose id is one of the log's but for how it is written.

    Attributes:
        labels: how many of those that were compared, by what would make them match.
        examples: an id of a label, and the log's that it may be, for each.
        compared: how many labels were compared.
    """

    labels: dict[str, int] = field(default_factory=dict)
    examples: dict[str, tuple[str, str]] = field(default_factory=dict)
    compared: int = 0


def near_misses(connection: duckdb.DuckDBPyConnection, monitor: Monitor, keys: str) -> NearMisses:
    """Compare labels of the table `incoming` with keys of the log, written in several ways.

    Each label is counted under the first way that makes it match. Of labels that are found by several columns
    one of these may differ, such as the day.

    Args:
        connection: the session, whose table `incoming` has the labels that wait.
        monitor: says what labels are found by.
        keys: SQL for the keys of the log, in the column `shown`.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE sought_keys AS SELECT prediction_id AS id FROM incoming "
        f"LIMIT {_LABELS}; "
        f"CREATE OR REPLACE TEMP TABLE log_keys AS SELECT shown AS id FROM ({keys}) "
        f"WHERE shown IS NOT NULL LIMIT {_ROWS}"
    )
    compared = int(connection.sql("SELECT count(*) FROM sought_keys").fetchall()[0][0])
    labels: dict[str, int] = {}
    examples: dict[str, tuple[str, str]] = {}
    for what, of_label, of_log in _ways(monitor):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE alike AS SELECT sought.id AS id, min(log.id) AS log_id FROM "
            f"(SELECT id, {of_label.format('id')} AS way FROM sought_keys) AS sought JOIN "
            f"(SELECT id, {of_log.format('id')} AS way FROM log_keys) AS log USING (way) WHERE way <> '' "
            "GROUP BY sought.id"
        )
        number, *example = connection.sql(
            "SELECT count(*), min(id), min_by(log_id, id) FROM alike"
        ).fetchall()[0]
        if number:
            labels[what] = labels.get(what, 0) + int(number)
            examples.setdefault(what, (example[0], example[1]))
            connection.execute("DELETE FROM sought_keys WHERE id IN (SELECT id FROM alike)")
            if sum(labels.values()) == compared:
                break
    connection.execute("DROP TABLE sought_keys; DROP TABLE log_keys; DROP TABLE IF EXISTS alike")
    return NearMisses(labels, examples, compared)


def _ways(monitor: Monitor) -> Iterator[tuple[str, str, str]]:
    """What would make a label match, and SQL for how its key and the log's are compared then."""
    for what, form in _FORMS.items():
        yield what, form, form
    yield _UNMARKED, _ALIKE, _ALIKE
    yield _UNMARKED, _LEFT_OUT, _BARE
    yield _UNMARKED, _BARE, _LEFT_OUT
    for behind in _BEHIND:
        yield _PREFIXED, behind, "{}"
        yield _PREFIXED, "{}", behind
    names = list(monitor.labels.columns.in_log.items()) if monitor.labels else []
    if len(names) > 1:
        for place, (name, of_log) in enumerate(names, 1):
            shown = "of another day" if of_log == DAY_OF_KEY else f"with another {name}"
            others = _without(place, len(names))
            yield shown, others, others


def _without(place: int, parts: int) -> str:
    """SQL for a key of several columns without one of them."""
    kept: Sequence[str] = [
        f"split_part({{0}}, {_BETWEEN}, {each})" for each in range(1, parts + 1) if each != place
    ]
    return f" || {_BETWEEN} || ".join([*kept, literal("=")])
