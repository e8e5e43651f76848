"""What errors of a model cost."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class Costs(Strict):
    """Prices of errors; incidents say what the errors of their days cost, as far as labels are known."""

    currency: str = Field(default="", description="Of the prices, as it is written: `EUR`.")
    false_positive: float = Field(
        default=0.0, ge=0, description="Of a binary classifier: a row that is called positive and is not."
    )
    false_negative: float = Field(
        default=0.0, ge=0, description="Of a binary classifier: a positive row that is not called so."
    )
    wrong: float = Field(default=0.0, ge=0, description="Of a multiclass model: a row of another class.")
    unit: float = Field(
        default=0.0, ge=0, description="Of a regressor: one unit between a prediction and the truth."
    )
