"""The SHAP values of a sample of rows, and what is read off them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from obs_dagster.explain.explainable import FloatArray, Unit
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.importance import Attributions
from obs_dagster.metrics.record import Estimate

if TYPE_CHECKING:
    import pandas as pd

ROW_COLUMN = "row"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a version scored a sample of rows as it did.

    Attributes:
        shap_values: contribution of each feature to each row, shape (n, f).
        base_value: the output that a row starts from before its features are known.
        features: the f features, in the order of the columns of `shap_values`.
        data: the rows' feature values, shape (n, f); its index identifies the rows.
        residual: the largest absolute difference, over the rows, between the model's output and the base
            value plus the row's SHAP values. Far from 0, the values must not be trusted.
        unit: unit of SHAP values, base value and residual.
        method: the algorithm.
        settled: whether the ranking of the features was known when sampling ended (see `convergence`).
        doubt: why the method is not right either, where no other one was; empty if it is.
    """

    shap_values: FloatArray
    base_value: float
    features: tuple[str, ...]
    data: pd.DataFrame
    residual: float
    unit: Unit
    method: str
    settled: bool
    doubt: str = ""

    def importance(self) -> dict[str, float]:
        """Mean absolute SHAP value of each feature, the largest first."""
        mean = np.abs(self.shap_values).mean(axis=0)
        order = np.argsort(-mean, kind="stable")
        return {self.features[column]: float(mean[column]) for column in order}

    def metrics(self) -> dict[str, dict[str, Estimate]]:
        """The metrics of each feature by name."""
        found = (evaluate("explanation", each) for each in Attributions.each(self.shap_values))
        return dict(zip(self.features, found, strict=True))

    def to_table(self) -> pa.Table:
        """One row per explained row: its id in `row`, then the SHAP value of each feature; by ascending id.

        Under `explanation`, the schema's metadata holds base value, residual, unit, method, whether the
        ranking was settled, and the share of each feature with its interval.
        """
        if ROW_COLUMN in self.features:
            raise ValueError(f"a feature is named {ROW_COLUMN!r}, as the id column is")
        columns = {ROW_COLUMN: pa.array([str(label) for label in self.data.index])}
        columns |= {name: pa.array(self.shap_values[:, column]) for column, name in enumerate(self.features)}
        shares = {name: metrics["shap_share"] for name, metrics in self.metrics().items()}
        about = {
            "base_value": self.base_value,
            "residual": self.residual,
            "unit": self.unit,
            "method": self.method,
            "settled": self.settled,
            "shares": {name: [share.value, share.low, share.high] for name, share in shares.items()},
        }
        table = pa.table(columns).sort_by(ROW_COLUMN)
        return table.replace_schema_metadata({"explanation": json.dumps(about)})
