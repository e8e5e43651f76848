"""The columns of the outcomes of a day."""

from __future__ import annotations

import pyarrow as pa

#: One row per (version, segment, kind, cut-off, item). Cut-off and item are 0 where a kind has none.
#:
#: - `rows`: n predictions, of which `total` have a label.
#: - `requests`: n requests; `evaluated`: n of them with a label; `relevant`: n of these with a relevant item;
#:   `ordered`: n of the evaluated ones with two rows or more, whose order says something.
#: - `mrr`, and per cut-off `ndcg`, `map`, `hit`, `precision`, `recall`: sums of the values of requests and of
#:   their squares over the n requests whose value is not 0 for want of relevant items.
#: - `place`: n rows of evaluated requests on the place `cutoff`, `total` of them relevant; for the whole
#:   version, down to the lowest cut-off or place 50.
#: - `item`: n rows of the item that is hashed to `item`, `total` of them relevant; with a cut-off, those
#:   above it. Items are sampled by their hashes where there are many; one in 2^`level` is kept.
SCHEMA = pa.schema(
    [
        ("version", pa.string()),
        ("segment", pa.string()),
        ("kind", pa.string()),
        ("cutoff", pa.int64()),
        ("item", pa.int64()),
        ("n", pa.int64()),
        ("total", pa.float64()),
        ("total_sq", pa.float64()),
        ("level", pa.int64()),
    ]
)
KEYS = ["version", "segment", "kind", "cutoff", "item"]
ADDED = {"n": "sum", "total": "sum", "total_sq": "sum", "level": "max"}

PLACES = 50
"""Places of a ranking whose rows are counted, if a cut-off is as low."""

ITEMS = 16_384
"""Items of a version and day that are counted one by one; of more, one in 2, 4, 8, … is kept."""
