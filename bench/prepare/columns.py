"""The columns of the generated log, as SQL over random numbers: easy shapes and hard ones for a grid."""

from __future__ import annotations

#: Names of the columns that have a role.
ID, TIME, VERSION, SCORE = "prediction_id", "predicted_at", "model_version", "score"
DECISION, LATENCY, STATUS, LABEL = "decision", "latency_ms", "status", "label"

#: SQL by column, over `u1` … `u8` (independent, uniform on (0, 1]) and `z1`, `z2` (standard normal).
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
CATEGORIES = {
    "origin": "CASE WHEN u1 < 0.5 THEN 'EWR' WHEN u1 < 0.8 THEN 'JFK' ELSE 'LGA' END",
    "carrier": "'carrier ' || floor(16 * u2 * u2)::INT",
    # a profile keeps 200 of its 400 values apart
    "route": "'route ' || floor(400 * u3 * u3)::INT",
    "device": "CASE WHEN u4 < 0.05 THEN NULL ELSE 'device ' || floor(5 * u5)::INT END",
    "weekday": "'day ' || floor(7 * u6)::INT",
}
#: Columns that can cut the log into segments, from 3 values to 16.
SEGMENTS = ("origin", "carrier", "device", "weekday")

#: Microseconds.
_DAY = 86_400_000_000
_SCORE = "1 / (1 + exp(-z1 - z2))"


def extra_numbers(count: int) -> dict[str, str]:
    """Further numbers, for a log of many columns: normal around a centre of their own."""
    return {f"number_{k}": f"z{1 + k % 2} * {1 + k % 7} + u{1 + k % 8} + {k}" for k in range(count)}


def roles(day: str, rows: int, versions: int) -> dict[str, str]:
    """SQL of the columns that have a role, over the row's number `i` too.

    Args:
        day: YYYY-MM-DD; predictions are spread evenly over it, in UTC.
        rows: how many rows the day has.
        versions: how many versions share the traffic evenly.
    """
    return {
        ID: f"'{day}-' || i",
        TIME: f"TIMESTAMPTZ '{day} 00:00:00+00' + to_microseconds(CAST(i * {_DAY / rows!r} AS BIGINT))",
        VERSION: f"CAST(1 + least(floor(u7 * {versions}), {versions - 1})::INT AS VARCHAR)",
        SCORE: _SCORE,
        DECISION: f"{_SCORE} >= 0.5",
        # the score is overconfident, so that calibration is worth measuring
        LABEL: "u8 < 1 / (1 + exp(-0.7 * (z1 + z2)))",
        LATENCY: "exp(z2 / 2 + 3)",
        STATUS: "CASE WHEN u6 < 0.01 THEN 'error' ELSE 'ok' END",
    }
