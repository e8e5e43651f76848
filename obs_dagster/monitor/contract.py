"""What a row must look like: the contract of each feature."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FeatureType = Literal["integer", "number", "category", "boolean", "text", "embedding", "image"]
StoredAs = Literal["path", "bytes", "base64"]


class Strict(BaseModel):
    """A part of the monitor file: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class Feature(Strict):
    """The contract of one feature column; a row that breaks it goes to quarantine."""

    type: FeatureType = Field(
        description="`integer` and `number` are profiled on a numeric grid, `category` and `boolean` "
        "by value. Of `text`, `embedding` and `image` what describes them is, as features of their own "
        "([content.md](content.md))."
    )
    column: str | None = Field(
        default=None,
        min_length=1,
        description="Where the log has it, if not in a column of the feature's name: another column, or a "
        "value inside of one, such as `request.features.amount` or `values[0]`.",
    )
    nullable: bool = Field(default=True, description="Whether a missing value is legal.")
    min: float | None = Field(default=None, description="Smallest legal value (numeric features).")
    max: float | None = Field(default=None, description="Largest legal value (numeric features).")
    allowed: tuple[str | int | float | bool, ...] | None = Field(
        default=None, description="The complete list of legal values."
    )
    unique: bool = Field(default=False, description="Whether a value may occur only once a day.")
    pii: bool = Field(
        default=False,
        description="Whether values are personal data, which then stand in the log alone: texts are shown "
        "and counted as pseudonyms, numbers counted to two digits and never shown "
        "([security.md](security.md#personal-data)).",
    )
    dimension: int | None = Field(
        default=None, ge=1, le=16_384, description="Of an `embedding`: how many numbers each vector has."
    )
    of: str | None = Field(
        default=None,
        min_length=1,
        description="Of an `embedding` that the log does not have: the feature of type `text` or `image` "
        "that `encoder` makes it of ([content.md](content.md#vectors-by-an-encoder)).",
    )
    encoder: str | None = Field(
        default=None,
        min_length=1,
        description="Of an `embedding`: the version of a registered MLflow model that makes it, as "
        "`models:/NAME/VERSION`.",
    )
    trust: Literal["pickle"] | None = Field(
        default=None,
        description="Of an `embedding` with an `encoder`: `pickle` says that its registry is trusted, "
        "because models of MLflow run code that came with them ([security.md](security.md#models)).",
    )
    stored_as: StoredAs = Field(
        default="path",
        description="Of an `image`: whether the log has its `path`, its `bytes`, or these as `base64`.",
    )
    folder: str | None = Field(
        default=None,
        min_length=1,
        description="Of an `image` that the log has the path of: the folder, or bucket, that paths start "
        "from and lead into. Left out: the folder of `logs.path` before its first placeholder.",
    )
    description: str = Field(default="", description="What the feature means; shown in the column schema.")

    @property
    def numeric(self) -> bool:
        """Whether the feature is profiled on a numeric grid."""
        return self.type in ("integer", "number")
