"""How CSV files are written, where they are not as most are."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class CsvDialect(Strict):
    """How CSV files are written. Left out: UTF-8, with a header, quotes of `"`, and a point in numbers."""

    # a tab is a delimiter, and no blank around a text
    model_config = Strict.model_config | {"str_strip_whitespace": False}

    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description='What divides columns, such as `";"` or `"\\t"`. Left out: the first of `,` `;` tab and '
        "`|` that divides the header.",
    )
    quote: str = Field(
        default='"', max_length=1, description='What quotes begin and end with; `""` if there are none.'
    )
    escape: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description='What stands before a quote in a quoted value, as `"\\\\"` does in files of Spark. Left '
        "out: the quote is written twice.",
    )
    decimal: Literal[".", ","] = Field(default=".", description="What divides a number from its decimals.")
    thousands: Literal[",", ".", "'", " ", "_"] | None = Field(
        default=None, description="What divides the thousands of a number, if they are divided."
    )
    encoding: str = Field(
        default="utf-8", min_length=1, description="The encoding of the text, such as `cp1252` or `utf-16`."
    )
    nulls: tuple[str, ...] = Field(
        default=(),
        description="Texts that stand for a missing value, such as `NA`; an empty one always does.",
    )
    names: tuple[str, ...] = Field(
        default=(), description="The columns of files that have no header, in order."
    )
