"""What errors of a model cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import Field

from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


class Costs(Strict):
    """Prices of errors: metrics, incidents and `obs thresholds` say what they cost, as far as labels tell."""

    currency: str = Field(default="", description="Of the prices, as it is written: `EUR`.")
    false_positive: float = Field(
        default=0.0, ge=0, description="Of a binary classifier: a row that is called positive and is not."
    )
    false_negative: float = Field(
        default=0.0, ge=0, description="Of a binary classifier: a positive row that is not called so."
    )
    wrong: float | dict[str, float] = Field(
        default=0.0,
        description="Of a multiclass model: a row that is predicted wrongly, one price or one per true class "
        "(`{very_late: 12, late: 3}`); errors of the classes that are not named cost nothing.",
    )
    unit: float = Field(
        default=0.0, ge=0, description="Of a regressor: one unit between a prediction and the truth."
    )

    def of_class(self, name: str) -> float:
        """What a row of a class costs that is predicted as another one."""
        return self.wrong.get(name, 0.0) if isinstance(self.wrong, dict) else self.wrong


NO_COSTS = Costs()
"""No error has a price."""


def prices_only(document: Document, prices: Collection[str], task: str) -> Iterator[Problem]:
    """The problems of a monitor that prices errors which only models of other tasks make."""
    for key in document.mapping("costs") or {}:
        if key in Costs.model_fields and key not in ("currency", *prices):
            message = f"`{key}` is no error that a model of {task} makes."
            yield document.problem(("costs", key), message, legal=list(prices), at_key=True)
    wrong = document.value("costs", "wrong")
    priced = {(name,): price for name, price in wrong.items()} if isinstance(wrong, dict) else {(): wrong}
    for keys, price in priced.items():
        if isinstance(price, int | float) and price < 0:
            yield document.problem(("costs", "wrong", *keys), "A price is at least 0.")
