"""Writes slices.json beside it: what sliceline 0.3 says of drawn rows; needs sliceline."""

import json
from pathlib import Path

import numpy as np


def drawn():
    """Three columns of 1,500 rows, and which rows are wrong."""
    rng = np.random.default_rng(2)
    codes = np.array([rng.integers(0, 3, 1_500) for _ in range(3)]).T
    return codes, rng.random(1_500) < np.where((codes[:, 0] == 1) & (codes[:, 2] == 2), 0.6, 0.2)


def main():
    """Write the best slices with their scores."""
    from sliceline.slicefinder import Slicefinder

    codes, wrong = drawn()
    finder = Slicefinder(alpha=0.95, k=3, max_l=2, min_sup=50, verbose=False)
    finder.fit(codes, wrong.astype(float))
    found = [
        {
            "slice": [None if value is None else int(value) for value in chosen],
            "score": float(told["slice_score"]),
        }
        for chosen, told in zip(finder.top_slices_, finder.top_slices_statistics_, strict=True)
    ]
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
