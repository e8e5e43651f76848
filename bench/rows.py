"""Generated rows for benchmarks: a log of 19 columns, the same for the same number of rows."""

from __future__ import annotations

from pathlib import Path

from obs_dagster.monitor import Monitor, load_monitor
from obs_dagster.sources.files import connect
from obs_dagster.sources.quoting import literal

#: Columns by name, as SQL over `u1` … `u4` (independent, uniform on (0, 1)), `z1`, `z2` (standard normal) and
#: the row number `i`: the shapes that grids find easy, and those that they find hard.
NUMBERS = {
    "normal": "z1 * 12 + 40",
    "shifted_normal": "z2 - 1000",
    "log_normal": "exp(z1 * 1.5)",
    "pareto": "pow(u1, -1 / 1.5)",
    "uniform": "u2 * 100",
    "exponential": "-ln(u3) * 30",
    "bimodal": "CASE WHEN u1 < 0.3 THEN z2 ELSE z2 + 60 END",
    "money": "round(exp(z2 + 4), 2)",
    "narrow": "1013 + z1 / 50",
    "zero_inflated": "CASE WHEN u2 < 0.9 THEN 0 ELSE u3 * 5 END",
    "few_values": "floor(u4 * 24)",
    "count": "floor(-ln(u2) * 400)",
    "with_nulls": "CASE WHEN u4 < 0.2 THEN NULL ELSE z1 * u3 END",
    "with_nans": "CASE WHEN u4 < 0.02 THEN 'nan'::DOUBLE ELSE z2 * 7 END",
}
#: Two segment columns of 3 and 16 values, and a column of 400 values, of which a profile keeps 200.
CATEGORIES = {
    "origin": "CASE WHEN u1 < 0.5 THEN 'EWR' WHEN u1 < 0.8 THEN 'JFK' ELSE 'LGA' END",
    "carrier": "'carrier ' || floor(16 * u2 * u2)::INT",
    "route": "'route ' || floor(400 * u3 * u3)::INT",
}
SEGMENTS = ("origin", "carrier")
VERSION, SCORE = "model_version", "score"
_OTHERS = {VERSION: "CASE WHEN u4 < 0.5 THEN '1' ELSE '2' END", SCORE: "1 / (1 + exp(-z1 - z2))"}

_MONITOR = """\
model: bench
start: 2024-01-01
logs:
  source: parquet
  path: "{{day}}.parquet"
  columns: {{prediction_id: prediction_id, time: time, version: {version}, score: {score}}}
features:
{features}
segments: [{segments}]
baseline: {{kind: days, first: 2024-01-01, last: 2024-01-01}}
"""


def write_monitor(folder: Path) -> Path:
    """Write the monitor of the generated log."""
    kinds = dict.fromkeys(NUMBERS, "number") | dict.fromkeys(CATEGORIES, "category")
    path = folder / "bench.yaml"
    path.write_text(
        _MONITOR.format(
            version=VERSION,
            score=SCORE,
            features="\n".join(f"  {name}: {{type: {kind}}}" for name, kind in kinds.items()),
            segments=", ".join(SEGMENTS),
        ),
        encoding="utf-8",
    )
    return path


def read_monitor(folder: Path) -> Monitor:
    """The monitor that `write_monitor` wrote."""
    return load_monitor(folder / "bench.yaml")


def write_rows(path: Path, rows: int) -> None:
    """Write that many rows as one Parquet file, without holding them in memory.

    Values are functions of the row's number, so that any number of threads writes the same rows.
    """
    uniforms = ", ".join(f"(hash(i * 8 + {k}) / 18446744073709551616 + 1e-12) AS u{k}" for k in range(1, 5))
    columns = ", ".join(f"{sql} AS {name}" for name, sql in (NUMBERS | CATEGORIES | _OTHERS).items())
    query = f"""
        WITH uniform AS (SELECT i, {uniforms} FROM range({rows}) AS numbers(i)),
        normal AS (
            SELECT
                *,
                sqrt(-2 * ln(u1)) * cos(2 * pi() * u2) AS z1,
                sqrt(-2 * ln(u3)) * sin(2 * pi() * u4) AS z2
            FROM uniform
        )
        SELECT {columns} FROM normal"""
    with connect() as connection:
        # without it DuckDB buffers row groups to write them in order
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
