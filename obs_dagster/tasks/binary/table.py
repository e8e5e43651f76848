"""The columns of the outcomes of a day."""

from __future__ import annotations

import pyarrow as pa

#: One row per (version, segment, score bin, decision, label); the label is null where it is not known, the
#: bin where there is no score: what was predicted is counted whether it has a label or not.
#: In segment cells the bins are the joined ones. The extremes are those of the labelled scores in the bin.
#: Sums are exact for each tenth of the score, on which bins they stand within it is up to the engine.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("bin", pa.int64()),
        ("decision", pa.bool_()),
        ("label", pa.bool_()),
        ("n", pa.int64()),
        ("score_sum", pa.float64()),
        ("log_loss_sum", pa.float64()),
        ("log_loss_sq", pa.float64()),
        ("brier_sum", pa.float64()),
        ("brier_sq", pa.float64()),
        ("score_min", pa.float64()),
        ("score_max", pa.float64()),
    ]
)
KEYS = ["version", "segment", "bin", "decision", "label"]
_EXTREMES = {"score_min": "min", "score_max": "max"}
ADDED = {name: _EXTREMES.get(name, "sum") for name in SCHEMA.names if name not in KEYS}
