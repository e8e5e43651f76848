"""Which columns of a sample moved most, told fast enough to choose by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Quantiles whose differences stand for the Wasserstein distance.
_QUANTILES = 101


@dataclass(frozen=True, slots=True)
class Samples:
    """Clean samples: columns of finite numbers or of texts, or missing values."""

    baseline: pd.DataFrame
    current: pd.DataFrame

    def is_numeric(self, column: str) -> bool:
        """Whether a column has numbers."""
        return self.baseline[column].dtype.kind == "f"


def most_moved(samples: Samples, columns: Sequence[str], leading: Sequence[str] = ()) -> list[str]:
    """Columns of two samples, those first that moved most.

    Numeric columns by the mean difference of their quantiles, in standard deviations of the baseline, which
    is the Wasserstein distance but for what lies between them; categorical ones by the Jensen-Shannon
    distance, natural logarithm.

    Args:
        samples: the samples.
        columns: columns that have values in both.
        leading: these come before the others.
    """
    moved = {}
    for column in columns:
        distance = _numbers_moved if samples.is_numeric(column) else _categories_moved
        moved[column] = distance(samples.baseline[column], samples.current[column])
    return sorted(moved, key=lambda column: (column not in leading, -moved[column]))


def _numbers_moved(baseline: pd.Series[Any], current: pd.Series[Any]) -> float:
    import numpy as np

    levels = np.linspace(0, 1, _QUANTILES)
    before, after = (each.dropna().to_numpy() for each in (baseline, current))
    apart = np.abs(np.quantile(before, levels) - np.quantile(after, levels)).mean()
    return float(apart / max(before.std(), 0.001))


def _categories_moved(baseline: pd.Series[Any], current: pd.Series[Any]) -> float:
    import numpy as np
    import pandas as pd

    shares = pd.concat(
        [each.value_counts(normalize=True) for each in (baseline, current)], axis=1, keys=["before", "after"]
    ).fillna(0.0)
    before, after = shares["before"].to_numpy(), shares["after"].to_numpy()
    middle = (before + after) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sum(np.nansum(each * np.log(each / middle)) / 2 for each in (before, after))
    return float(np.sqrt(max(apart, 0.0)))
