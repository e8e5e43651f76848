"""Inputs and outputs of the model beside what it is compared with."""

from __future__ import annotations

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Signal

COMPONENT = Component(
    name="drift",
    stage=6,
    title="drift",
    trouble="inputs or scores that moved",
    families=frozenset({"drift", "multivariate", "explanation"}),
    signals=(Signal("psi", least=0.1, of="features"), Signal("psi", least=0.1, of="output")),
)
