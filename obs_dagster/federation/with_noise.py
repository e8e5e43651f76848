"""Puts counts with noise in the place of those of a day, and keeps account of what that spends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from obs_dagster.errors import LakeError
from obs_dagster.federation.ledger import kept, spend, told
from obs_dagster.federation.private import Shares, noised_outcomes, noised_profile, sendable
from obs_dagster.federation.sent import SentDay, digest_of, labelled_rows_of, rows_of_whole
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.tables import OUTCOMES, PROFILES


def _made_of(sent: SentDay, shares: Shares) -> dict[str, dict[str, Any]]:
    """What the noise of a day is put on; with other rows, or another epsilon, it is drawn anew."""
    asked = {"epsilon": shares.epsilon, "histograms": shares.histograms}
    return {
        PROFILES: {**asked, "rows": sent.header["rows_digest"]},
        OUTCOMES: {**asked, "rows": sent.header["rows_digest"], "outcomes": sent.header["outcomes_digest"]},
    }


def due_of(monitor: Monitor, day: dt.date, lake: Lake, sent: SentDay, shares: Shares) -> float:
    """What an export spends of a day: nothing of what was sent before."""
    made_of = _made_of(sent, shares)
    parts = [(PROFILES, shares.of_rows)]
    parts += [(OUTCOMES, shares.of_outcomes)] if _outcomes_of(monitor, sent) is not None else []
    return sum(each for name, each in parts if kept(monitor, day, lake, name, made_of[name]) is None)


def _outcomes_of(monitor: Monitor, sent: SentDay) -> pa.Table | None:
    return sent.outcomes if sendable(monitor) is not None else None


def put_noise(
    monitor: Monitor,
    day: dt.date,
    lake: Lake,
    sent: SentDay,
    *,
    grids: Grids,
    shares: Shares,
    now: dt.datetime,
) -> None:
    """Put counts with noise in the place of a day's, those that were sent before if there are such."""
    made_of, kind, noise = _made_of(sent, shares), sendable(monitor), shares.noise
    quality = sent.header["quality"]
    if kept(monitor, day, lake, PROFILES, made_of[PROFILES]) is None:
        drawn, quarantined = noised_profile(sent.profile, quality["quarantined"], monitor, grids, noise)
        manifest = {**made_of[PROFILES], "quarantined": quarantined}
        spend(monitor, day, lake, PROFILES, drawn, epsilon=shares.of_rows, made_of=manifest, now=now)
    quarantined = int(told(monitor, day, lake, PROFILES)["quarantined"])
    sent.profile = _sent(monitor, day, lake, PROFILES, made_of[PROFILES])
    versions, exact = rows_of_whole(sent.profile), _outcomes_of(monitor, sent)
    sent.outcomes, sent.hours = None, None
    if kind is not None and exact is not None:
        if kept(monitor, day, lake, OUTCOMES, made_of[OUTCOMES]) is None:
            drawn = noised_outcomes(exact, versions, monitor, kind, noise)
            spent = shares.of_outcomes
            spend(monitor, day, lake, OUTCOMES, drawn, epsilon=spent, made_of=made_of[OUTCOMES], now=now)
        sent.outcomes = _sent(monitor, day, lake, OUTCOMES, made_of[OUTCOMES])
    sent.header |= {
        "rows": sum(versions.values()) + quarantined,
        "duplicates": 0,
        "conflicts": 0,
        "versions": versions,
        "books": None,
    }
    quality |= {
        "quarantined": quarantined,
        "broken_rules": {},
        "released": {},
        "results": [],
        # a line of cause counts rows
        "reason": quality["reason"].partition("\n")[0] and "the site does not evaluate the day",
    }
    sent.header["labels"] = labelled_rows_of(sent.outcomes)
    sent.header["rows_digest"] = digest_of(sent.profile, None, quality)
    sent.header["outcomes_digest"] = digest_of(sent.outcomes)


def _sent(monitor: Monitor, day: dt.date, lake: Lake, what: str, made_of: dict[str, Any]) -> pa.Table:
    """What is sent of a day, as the lake has it: equal content is equal bytes."""
    found = kept(monitor, day, lake, what, made_of)
    if found is None:
        raise LakeError(f"What was sent of {day} is not in the lake.", remedy="Export the day again.")
    return found.replace_schema_metadata(None)
