"""The effect of a roll-out: what nights look for when two versions serve side by side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict

Outcome = Literal["label", "error", "cost"]
"""What came of a row."""


class Effect(Strict):
    """What serving one version instead of another did; nights tell it of the newest version."""

    outcome: Outcome = Field(
        default="label",
        description="What it is the effect on. `label`: what came true, where the model has a say in it (a "
        "click, a sale, a default). `error`: that the model was wrong, or how far a number was off. `cost`: "
        "what errors cost, by `costs`.",
    )
