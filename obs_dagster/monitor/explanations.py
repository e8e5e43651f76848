"""What of a version's scores is explained, and how much may be asked of its model for it."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class SecondOpinion(Strict):
    """What other explainers say, and how far they agree with SHAP."""

    scored_rows: int = Field(
        default=50_000,
        ge=1_000,
        le=100_000_000,
        description="Rows that the model is asked to score for it at most, per version and night: half of "
        "them for LIME, half for permutation importance.",
    )
    lime_rows: int = Field(
        default=50,
        ge=0,
        le=10_000,
        description="Rows that LIME explains per version and night; 0 for none.",
    )
    repeats: int = Field(
        default=5,
        ge=0,
        le=100,
        description="How often each feature is permuted to see what the model is worth without it, once the "
        "labels of a day are complete; 0 for never.",
    )


class Shapes(Strict):
    """How the output goes with the features that matter most, on the day and on the baseline."""

    features: int = Field(default=3, ge=1, le=20, description="Features that are drawn.")
    rows: int = Field(default=200, ge=10, le=10_000, description="Rows of each side that are used.")
    points: int = Field(default=20, ge=2, le=200, description="Values of a feature that are tried.")


class Explanations(Strict):
    """SHAP explanations per version."""

    sample: int = Field(
        default=500,
        ge=10,
        le=100_000,
        description="Rows explained per version and night at most, drawn with a seed.",
    )
    tolerance: float = Field(
        default=0.05,
        ge=0,
        le=0.5,
        description="Sampling ends once the ranking of the features is known: the share of each to within "
        "this, and each told apart from the next or closer to it than this. 0 explains the whole sample.",
    )
    cohorts: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Rows explained of each segment cell per version and night, so that it is known where a "
        "version decides by other features than on its baseline; 0 for none.",
    )
    interactions: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="Rows whose SHAP values are divided among pairs of features, per version and night, of "
        "models of trees; 0 for none.",
    )
    second_opinion: SecondOpinion | None = Field(
        default=None,
        description="What LIME and permutation importance say beside SHAP; left out: nothing. "
        "`{}` asks for it with its defaults.",
    )
    shapes: Shapes | None = Field(
        default=None,
        description="Partial dependence and accumulated local effects of the features that matter most, "
        "today's beside the baseline's; left out: none.",
    )
