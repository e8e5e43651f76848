"""The columns of the outcomes of a day."""

from __future__ import annotations

import pyarrow as pa

#: All sums are of numbers in the unit of `scale`: the error e = (prediction - target) / scale, the target
#: d = (target - centre) / scale and likewise the prediction, the size of the target |target| / scale. So days
#: keep their digits when they merge, and fourth powers do not overflow. A column of another kind is null.
PAIR_SUMS = (
    "prediction_sum",  # of the prediction; also by its bin
    "prediction_sq",  # its square
    "target_sum",  # d
    "target_sq",
    "target_cube",
    "target_quart",
    "error_sum",  # e; also by the bin of the prediction
    "error_sq",  # likewise
    "error_quart",  # likewise
    "error_sq_target",  # e² d
    "error_sq_target_sq",  # e² d²
    "absolute_sum",  # |e|; likewise
    "size_sum",  # the target's size
    "size_sq",
    "absolute_size",  # |e| times the target's size
    "nonzero",  # targets that are not zero; this and what follows likewise; of which
    "relative_sum",  # |e| over the target's size
    "relative_sq",
    "symmetric_sum",  # 2 |e| over the sum of the sizes of target and prediction; 0 where both are 0
    "symmetric_sq",
)
INTERVAL_SUMS = (
    "between",  # pairs whose interval is finite and in order, of which
    "covered",  # the target is in it
    "width_sum",  # its width
    "width_sq",
)
QUANTILE_SUMS = (
    "below",  # targets at or below the quantile
    "pinball_sum",  # the pinball loss
    "pinball_sq",
)
SUMS = PAIR_SUMS + INTERVAL_SUMS + QUANTILE_SUMS
_LEAST = ("prediction_min", "target_min", "error_min", "centre", "scale")
_MOST = ("prediction_max", "target_max", "error_max")

KEYS = ["version", "segment", "kind", "key"]
ADDED = (
    {"n": "sum", "pairs": "sum"}
    | dict.fromkeys(SUMS, "sum")
    | dict.fromkeys(_LEAST, "min")
    | dict.fromkeys(_MOST, "max")
)
#: What a row counts is its kind: `cell`: all rows of a segment cell (`n`), with the sums of those that have a
#: finite prediction and a finite label (`pairs`); `prediction`, `error`: the pairs in one bin of it (`key`:
#: its number; in segment cells, of the joined one); `waiting`: the rows with a finite prediction that are no
#: pairs, by the bin of the prediction; `quantile`: the pairs that have a finite value in the column of one
#: level (`key`: the level in billionths). `centre` and `scale` are those of all sums.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("kind", pa.string()),
        ("key", pa.int64()),
        ("n", pa.int64()),
        ("pairs", pa.int64()),
        *((name, pa.float64()) for name in ADDED if name not in ("n", "pairs")),
    ]
)

_BILLION = 1_000_000_000
#: The kinds whose key is the number of a bin.
BINNED = ("prediction", "error", "waiting")


def level_key(level: float) -> int:
    """The key of a quantile's level.

    >>> level_key(0.1)
    100000000
    """
    return round(level * _BILLION)
