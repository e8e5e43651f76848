"""Scores that need calibration: of a reference with labels, and of rows before theirs."""

import numpy as np

THRESHOLD = 0.3
MOVES = (0.0, -0.5, 0.7)
"""By how many standard deviations what the model goes by has moved since the reference."""
REFERENCE, ROWS = 20_000, 10_000


def drawn(move, rows, seed):
    """Scores that say too little, and labels by the same concept, without a generator that may change."""
    # Weyl sequences: as even as random numbers, and the same in every version of NumPy
    first, second, third = (
        (np.arange(1, rows + 1) * np.sqrt(prime) + seed / 7) % 1 for prime in (2.0, 3.0, 5.0)
    )
    hidden = move + np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    return 1 / (1 + np.exp(1 - hidden)), third < 1 / (1 + np.exp(1 - 1.5 * hidden))
