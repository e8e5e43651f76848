"""How rankings are judged: cut-offs, what is relevant, and what a missing label means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict

Cutoff = Annotated[int, Field(ge=1, le=1_000)]


class Ranking(Strict):
    """What `ranking` models are measured by."""

    at: tuple[Cutoff, ...] = Field(
        default=(10, 5),
        min_length=1,
        max_length=8,
        description="Cut-offs k of `NDCG@k` and the like. The first is the one that `ndcg`, `map` and "
        "`hit_rate` are about; `ndcg_at`, `precision_at` and so on have them all, as `top5`, `top10`.",
    )
    relevant_from: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="The label from which an item is relevant, where a metric takes relevance as yes or no: "
        "all but NDCG, which takes the grade.",
    )
    gain: Literal["linear", "exponential"] = Field(
        default="linear",
        description="What a grade is worth in NDCG: itself, as scikit-learn has it, or 2^grade - 1.",
    )
    unlabelled: Literal["irrelevant", "left_out"] = Field(
        default="irrelevant",
        description="What an item without a label is in a request that has some: not relevant, as in a log "
        "of clicks; or left out of the ranking, so that the others move up, where only some were judged. "
        "A request without any label is not evaluated.",
    )
    without_relevant: Literal["zero", "left_out"] = Field(
        default="zero",
        description="What a request without a relevant item is worth: 0, as scikit-learn has it, or it is "
        "left out, so that a mean is over requests in which there was something to find.",
    )
    first_position: Literal[0, 1] = Field(
        default=1, description="The value of `logs.columns.rank` that means the top of the list."
    )
