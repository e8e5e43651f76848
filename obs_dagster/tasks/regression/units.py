"""What predictions, targets and errors are counted in: units of the baseline's spread."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.profile.grids.asinh_grid import AsinhGrid
from obs_dagster.profile.grids.grid import Grids

#: Numbers so many scales away from the centre are taken for infinite: their fourth power would overflow.
FARTHEST = 1e70
#: A target that is closer to zero than this is zero to a relative error: float64's spacing at 1, by which
#: `sklearn.metrics.mean_absolute_percentage_error` divides there.
NOTHING = 2.220446049250313e-16
#: Errors of a good model are much smaller than the spread of what it predicts: bins half a percent wide start
#: at this part of it.
_SMALL_ERROR = 1 / 1024


@dataclass(frozen=True, slots=True)
class Units:
    """The grids of a regressor's outcomes.

    Attributes:
        prediction: the grid of the predictions, as the profile has it.
        error: the grid of the signed errors, in the unit of the target.
    """

    prediction: AsinhGrid
    error: AsinhGrid

    @classmethod
    def of(cls, grids: Grids, column: str) -> Units:
        """The units of a prediction column; those of one without values, where it has no grid of numbers."""
        found = grids.columns.get(column)
        grid = found if isinstance(found, AsinhGrid) else AsinhGrid(centre=0.0, scale=1.0)
        return cls(grid, AsinhGrid(centre=0.0, scale=grid.scale * _SMALL_ERROR, step=grid.step))

    @property
    def centre(self) -> float:
        """What predictions and targets are counted from: the median of the baseline's predictions."""
        return self.prediction.centre

    @property
    def scale(self) -> float:
        """What all numbers are counted in: half the interquartile range of the baseline's predictions."""
        return self.prediction.scale
