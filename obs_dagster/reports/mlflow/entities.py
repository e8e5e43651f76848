"""What reports read from MLflow and write to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric; with a model id it is shown at that logged model too."""

    name: str
    value: float
    step: int
    model_id: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands.

    Attributes:
        status: as MLflow has it (`FINISHED`, `FAILED`, …).
        metrics: the latest value of each metric.
        last_step: the largest step of any metric; -1 without metrics.
    """

    id: str
    name: str
    status: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    last_step: int


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version in the model registry; `model_id` is the logged model behind it, if there is one."""

    tags: Mapping[str, str]
    description: str
    model_id: str | None
