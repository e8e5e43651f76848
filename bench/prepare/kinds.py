"""The kinds of model of the generated log: what each puts out, its labels, and how it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.prepare.columns import DECISION, LABEL, SCORE

_CLASSES = 10
#: Classes lie on a circle, and the two normal numbers of a row are a point.
_LOGITS = [f"2 * z1 * cos({k} * pi() / 5) + 2 * z2 * sin({k} * pi() / 5)" for k in range(_CLASSES)]
_TURN = "atan2(z2, z1) / (2 * pi()) + 1.05 + 0.2 * (u8 - 0.5)"


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of model.

    Attributes:
        task: as a monitor names it.
        outputs: names of the columns that it logs beside what every log has.
        roles: what the monitor calls them.
        label: the column of the truth.
        made: SQL of those columns that no other kind has.
        settings: further keys of the monitor.
        training: LightGBM's parameters.
    """

    task: str
    outputs: tuple[str, ...]
    roles: Mapping[str, Any]
    label: str
    made: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)


BINARY = ModelKind(
    task="binary_classification",
    outputs=(SCORE, DECISION),
    roles={"score": SCORE, "prediction": DECISION},
    label=LABEL,
    training={"objective": "binary"},
)
REGRESSION = ModelKind(
    task="regression",
    outputs=("minutes",),
    roles={"prediction": "minutes"},
    label="minutes_taken",
    # errors have heavy tails: Student's t of two degrees of freedom
    made={
        "minutes": "20 * exp(z1 / 2) + z2",
        "minutes_taken": "20 * exp(z1 / 2) + z2 + 3 * (2 * u8 - 1) / sqrt(2 * u8 * (1 - u8))",
    },
    training={"objective": "regression"},
)
MULTICLASS = ModelKind(
    task="multiclass_classification",
    outputs=tuple(f"score_{k}" for k in range(_CLASSES)),
    roles={"scores": {f"class {k}": f"score_{k}" for k in range(_CLASSES)}},
    label="class",
    made={
        f"score_{k}": f"exp({logit}) / ({' + '.join(f'exp({each})' for each in _LOGITS)})"
        for k, logit in enumerate(_LOGITS)
    }
    | {"class": f"'class ' || floor({_CLASSES} * ({_TURN} - floor({_TURN})))::INT"},
    training={"objective": "multiclass", "num_class": _CLASSES},
)
KINDS = {kind.task: kind for kind in (BINARY, REGRESSION, MULTICLASS)}
