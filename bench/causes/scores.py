"""Other scores of sets of causes, for what they make of the same nights."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy as np
from scipy.special import gammaln

from obs_dagster.causes.score import k2


def bdeu(counts: np.ndarray, sample_size: float = 1.0) -> float:
    """The marginal likelihood with the prior BDeu; Heckerman, Geiger and Chickering 1995, equation 35."""
    of_causes = sample_size / len(counts)
    of_cell = of_causes / counts.shape[1]
    cells = (gammaln(of_cell + counts) - gammaln(of_cell)).sum()
    rows = (gammaln(of_causes) - gammaln(of_causes + counts.sum(axis=1))).sum()
    return float(rows + cells)


def bic(counts: np.ndarray) -> float:
    """The Bayesian information criterion, the larger the better; Schwarz 1978."""
    of_causes = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, of_causes, out=np.ones_like(counts), where=counts > 0)
    return float((counts * np.log(shares)).sum() - 0.5 * log(max(counts.sum(), 1)) * len(counts))


SCORES: dict[str, Callable[[np.ndarray], float]] = {
    "K2, as nights do": k2,
    "BDeu of one night": bdeu,
    "BDeu of ten": lambda counts: bdeu(counts, 10.0),
    "BIC": bic,
}
"""By what people call them."""
