"""Sites that keep their rows: what one of them sends, and whose profiles are put together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict

DIMENSION = "site"
"""The column of segment cells that a row's site is, unless the monitor names another."""

SITE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
"""What a site may be called: the lake has a folder of the name."""


class Site(Strict):
    """A site whose profiles are taken."""

    public_key: str | None = Field(
        default=None,
        description="Its Ed25519 public key: the 44 characters that `obs profile key` prints, or the path of "
        "a PEM file. What is signed by another key is refused.",
    )


class Federation(Strict):
    """Sites that keep their rows and send counts of them.

    At a site it says what is sent, and what is left out of it; where profiles come together, whose are taken.
    """

    site: str | None = Field(
        default=None, pattern=SITE_NAME, description="At a site: its name, as in the others' `sites`."
    )
    signing_key: str | None = Field(
        default=None,
        description="At a site: the file with the Ed25519 private key (PEM) that exports are signed with, or "
        "`${NAME}` for a variable that holds the key itself.",
    )
    min_cell: int = Field(
        default=0,
        ge=0,
        le=100_000,
        description="At a site: no count of fewer rows than these is sent, 0 for no limit. Smaller segment "
        "cells are left out, smaller bins and categories put together with their neighbours "
        "([federated.md](federated.md#small-cells)).",
    )
    epsilon: float = Field(
        default=0.0,
        ge=0,
        le=100,
        description="At a site: counts get noise, so that an export tells of one row no more than this "
        "epsilon of differential privacy; 0 for no noise. Segment cells are not sent then "
        "([federated.md](federated.md#noise)). Needs the extra `privacy`.",
    )
    epsilon_budget: float | None = Field(
        default=None,
        gt=0,
        description="At a site: the most that all exports of a day may come to; what would be beyond it is "
        "refused.",
    )
    sites: dict[str, Site] = Field(
        default_factory=dict, description="Where profiles come together: the sites, by name."
    )
    unsigned: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="Where profiles come together: whether what is not signed is taken from sites that have "
        "no `public_key`.",
    )
    dimension: str = Field(
        default=DIMENSION,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$",
        description="What the site is called among segments, `site=berlin`; another name where a feature has "
        "this one.",
    )
