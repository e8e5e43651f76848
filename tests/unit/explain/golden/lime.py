"""Writes `lime.json`: what LIME says of the draws and rows; run it in an environment of its own.

pip install --target <folder> lime && PYTHONPATH=<folder> python tests/unit/explain/golden/lime.py
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> None:
    """The weights of the draws, and those of the rows, whose draws are LIME's own."""
    # this file has the name of the library, so its folder is no place to import from
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != FOLDER]
    sys.path.insert(0, str(FOLDER.parents[3]))
    import numpy as np
    from lime.lime_base import LimeBase
    from lime.lime_tabular import LimeTabularExplainer

    from tests.unit.explain.golden.around import EXPLAINED, draws, says, table

    same, output = draws()
    width = 0.75 * np.sqrt(same.shape[1])
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / width**2)), random_state=0)
    distances = np.sqrt(((same - same[0]) ** 2).sum(axis=1))
    found = base.explain_instance_with_data(
        same, output[:, np.newaxis], distances, 0, num_features=same.shape[1], feature_selection="none"
    )
    local = dict(found[1])
    known = table()
    explainer = LimeTabularExplainer(
        known, mode="classification", categorical_features=[2], feature_selection="none", random_state=0
    )
    rows = []
    for at in EXPLAINED:
        explained = explainer.explain_instance(
            known[at],
            lambda rows: np.column_stack([1 - says(rows), says(rows)]),
            num_features=3,
            num_samples=100_000,
        )
        weights = dict(explained.as_map()[1])
        rows.append([float(weights[feature]) for feature in range(3)])
    document = {
        "version": version("lime"),
        "draws": [float(local[feature]) for feature in range(same.shape[1])],
        "rows": rows,
    }
    (FOLDER / "lime.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
