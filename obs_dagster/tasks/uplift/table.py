"""The columns of the outcomes of a day."""

from __future__ import annotations

import pyarrow as pa

#: One row per (version, segment, score bin, treatment, label); the label is null where it is not known, the
#: bin where there is no score, the treatment where the log lost it. In segment cells the bins are joined.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("bin", pa.int64()),
        ("treated", pa.bool_()),
        ("label", pa.bool_()),
        ("n", pa.int64()),
        ("score_sum", pa.float64()),
    ]
)
KEYS = ["version", "segment", "bin", "treated", "label"]
ADDED = {"n": "sum", "score_sum": "sum"}
