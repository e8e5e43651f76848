"""How a change of what the order of requests is worth is explained."""

from __future__ import annotations

from obs_dagster.tasks.judged import Explains, Loss
from obs_dagster.tasks.ranking.compared import COMPARED

EXPLAINS = Explains(
    COMPARED,
    {"mix": "other requests came", "outcome": "like requests are ranked otherwise"},
    {name: Loss(of, best=1.0) for name, of in COMPARED.items()},
)
