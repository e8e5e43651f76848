"""How a version explains the rows of its own baseline: what the explanations of a day are compared with."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.explain.class_explanation import ClassExplainer
from obs_dagster.explain.explain import Explainer
from obs_dagster.explain.explainable import FloatArray
from obs_dagster.explain.explanation import Explanation
from obs_dagster.lake.lake import replacing
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.attribution_drift import AttributionShift
from obs_dagster.metrics.record import Estimate

REVISION = 1
"""Of what is kept; another one is computed anew."""
_KEY = b"made_of"
_ABOUT = b"explanation"


@dataclass(frozen=True, slots=True)
class Usual:
    """SHAP values of a sample of a version's baseline.

    Attributes:
        values: shape (m, f); of several classes the mean of |SHAP value| over them.
        unit, method: as `Explanation` has them.
        obstacle: why there are none; empty if there are.
    """

    values: FloatArray
    unit: str = ""
    method: str = ""
    obstacle: str = ""

    @classmethod
    def unknown(cls, why: str) -> Usual:
        """Nothing to compare with."""
        return cls(np.empty((0, 0)), obstacle=why)

    def moved(self, found: Explanation) -> dict[str, dict[str, Estimate]]:
        """How far a day's explanation is from this: metrics by feature, and under `""` those of the model.

        Explanations by different methods, or in different units, cannot be compared: it is said.
        """
        obstacle = self.obstacle
        if not obstacle and not same_kind((self.unit, self.method), (found.unit, found.method)):
            obstacle = "the baseline's rows were explained by another method"
        places: dict[str, int | None] = {"": None, **{name: at for at, name in enumerate(found.features)}}
        return {
            name: evaluate("explanation", AttributionShift(self.values, found.shap_values, at, obstacle))
            for name, at in places.items()
        }


def usual_attribution(
    explainer: Explainer | ClassExplainer, tolerance: float, sample: Path, kept: Path
) -> Usual:
    """SHAP values of a version's background, which is a sample of its baseline; computed once and kept.

    Args:
        explainer: the version's.
        tolerance: as `explain` takes it.
        sample: the file of the baseline's sample.
        kept: where they are kept. They are computed anew when the sample, the model's scores of it, or the
            settings are others.
    """
    background = explainer.background
    scores = explainer.model.predict(background)
    settings = [REVISION, list(explainer.features), tolerance, explainer.largest, explainer.trouble]
    digest = hashlib.sha256(json.dumps(settings).encode())
    digest.update(sample.read_bytes())
    digest.update(np.ascontiguousarray(scores).tobytes())
    key = digest.hexdigest().encode()
    if (known := _read(kept, key)) is not None:
        return known
    if isinstance(explainer, ClassExplainer):
        found = explainer.explain(background, tolerance, scores).over_classes
    else:
        found = explainer.explain(background, tolerance, scores)
    about = json.dumps({"unit": found.unit, "method": found.method}).encode()
    columns = {name: pa.array(found.shap_values[:, at]) for at, name in enumerate(found.features)}
    table = pa.table(columns).replace_schema_metadata({_KEY: key, _ABOUT: about})
    with replacing(kept) as aside:
        pq.write_table(table, aside, compression="zstd")
    return Usual(found.shap_values, found.unit, found.method)


def _read(path: Path, key: bytes) -> Usual | None:
    """What is kept, if it was made of the same."""
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowInvalid):
        return None
    metadata = table.schema.metadata or {}
    if metadata.get(_KEY) != key:
        return None
    about = json.loads(metadata[_ABOUT])
    values = np.column_stack([column.to_numpy() for column in table.columns])
    return Usual(values, about["unit"], about["method"])


def _kind(method: str) -> str:
    """A method without the reason why it is not another one."""
    return method.partition(",")[0]


def same_kind(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether explanations, each with its unit and method, can be compared."""
    return (one[0], _kind(one[1])) == (other[0], _kind(other[1]))
