"""Writes `nannyml.json`: what NannyML's CBPE expects of the scores; to run in its environment of `bench`.

bench/.envs/nannyml/bin/python tests/unit/estimate/golden/nannyml.py
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
METRICS = ("roc_auc", "average_precision", "f1", "precision", "recall", "accuracy")


def main() -> None:
    """Every metric of every move."""
    os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
    # this file has the name of the library, so its folder is no place to import from
    sys.path = [place for place in sys.path if Path(place or ".").resolve() != FOLDER]
    sys.path.insert(0, str(FOLDER.parents[3]))
    import nannyml
    import pandas as pd

    from tests.unit.estimate.golden.scores import MOVES, REFERENCE, ROWS, THRESHOLD, drawn

    def frame(move, rows, seed):
        score, label = drawn(move, rows, seed)
        columns = {"score": score, "decision": score >= THRESHOLD, "label": label}
        return pd.DataFrame(columns).astype({"decision": int, "label": int})

    reference = frame(0.0, REFERENCE, 1)
    found = {"version": nannyml.__version__, "positives": int(reference["label"].sum()), "moved": {}}
    for move in MOVES:
        now = frame(move, ROWS, 2)
        estimator = nannyml.CBPE(
            metrics=list(METRICS),
            y_true="label",
            y_pred="decision",
            y_pred_proba="score",
            problem_type="classification_binary",
            chunk_size=ROWS,
        ).fit(reference)
        told = estimator.estimate(now).filter(period="analysis").to_df()
        found["moved"][str(move)] = {
            "total": float(now["score"].sum()),
            "calibrated": bool(estimator.needs_calibration),
            **{name: float(told[name]["value"].iloc[0]) for name in METRICS},
        }
    (FOLDER / "nannyml.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
