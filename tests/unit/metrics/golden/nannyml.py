"""Writes `nannyml.json`: what NannyML says of the columns; run it in its environment of the benchmarks.

bench/.envs/nannyml/bin/python tests/unit/metrics/golden/nannyml.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NUMERIC = ("jensen_shannon", "hellinger", "wasserstein", "kolmogorov_smirnov")
OF_VALUES = ("jensen_shannon", "hellinger", "l_infinity", "chi2")


def main() -> None:
    """Every method on every column."""
    # this file has the name of the library, so its folder is no place to import from
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != FOLDER]
    sys.path.insert(0, str(FOLDER.parents[3]))
    import nannyml
    import pandas as pd
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import ConstantThreshold

    from tests.unit.metrics.golden.columns import CATEGORIES, ROWS, SHAPES, column

    def said(name, kind, reference, current):
        method = MethodFactory.create(
            name, kind, chunker=None, threshold=ConstantThreshold(), computation_params={}
        )
        method._fit(reference)
        return float(method._calculate(current))

    found = {"version": nannyml.__version__, "numbers": {}, "categories": {}}
    for shape in SHAPES:
        for size in ROWS:
            reference, current = map(pd.Series, column(shape, size))
            found["numbers"][f"{shape}, {size}"] = {
                "sums": [float(reference.sum()), float(current.sum())],
                **{name: said(name, FeatureType.CONTINUOUS, reference, current) for name in NUMERIC},
            }
    for name, sides in CATEGORIES.items():
        reference, current = (pd.Series([v for v, n in side.items() for _ in range(n)]) for side in sides)
        found["categories"][name] = {
            each: said(each, FeatureType.CATEGORICAL, reference, current) for each in OF_VALUES
        }
    (FOLDER / "nannyml.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
