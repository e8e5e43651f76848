"""Grids that sites agree on before they count: written at one place, and adopted at the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from obs_dagster.baselines.stored import GRIDS, baseline_folder, load_grids
from obs_dagster.errors import ObsError
from obs_dagster.lake.lake import Lake, read_json, replacing, write_json
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.tables import PROFILES

_FORMAT, _VERSION = "obs-grids", 1


def write_grids(monitor: Monitor, lake: Lake, path: Path) -> Grids:
    """Write the grids of a monitor to a file.

    Raises:
        LakeError: the baseline has not been prepared.
    """
    grids = load_grids(monitor, lake)
    document = {
        "format": _FORMAT,
        "format_version": _VERSION,
        "model": monitor.model,
        "id": grids.id,
        "grids": grids.to_json(),
    }
    with replacing(path) as aside:
        aside.write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")
    return grids


def adopt_grids(monitor: Monitor, lake: Lake, path: Path) -> Grids:
    """Count on the grids of a file from now on; the same ones again change nothing.

    Raises:
        ObsError: the file is none of grids, is of another model or lacks a column, or days were counted on
            other grids already.
    """
    grids = _read(monitor, path)
    folder = baseline_folder(monitor, lake)
    document = read_json(folder / GRIDS)
    if document is not None:
        known = Grids.from_json(document)
        if known.id == grids.id:
            return known
        if days := lake.table(monitor.model, PROFILES).days():
            raise ObsError(
                f"{len(days)} days of {monitor.model} ({days[0]} to {days[-1]}) are counted on the grids "
                f"{known.id}, and {path} has {grids.id}; counts on different grids do not add up.",
                remedy=f"Remove the folders baseline, profile and outcomes of {folder.parent}, adopt the "
                "grids, and run the days again.",
            )
    write_json(folder / GRIDS, grids.to_json())
    return grids


def _read(monitor: Monitor, path: Path) -> Grids:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if (document["format"], document["format_version"]) != (_FORMAT, _VERSION):
            raise ValueError(f"it is {document['format']} {document['format_version']}")  # noqa: TRY301  told below
        model, grids = str(document["model"]), Grids.from_json(document["grids"])
    except OSError as error:
        raise ObsError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ObsError(
            f"{path} has no grids ({error}).", remedy="`obs profile grids MODEL --out FILE` writes them."
        ) from error
    if model != monitor.model:
        raise ObsError(f"{path} has the grids of {model}, not of {monitor.model}.")
    if grids.id != document["id"]:
        raise ObsError(f"{path} was changed: its grids are not those of its id.", remedy="Write it anew.")
    wanted = {each.name for each in profiled_columns(monitor)}
    if lacking := sorted(wanted - set(grids.columns)):
        raise ObsError(
            f"{path} has no grid for {', '.join(lacking)}.",
            remedy="Make the monitors alike, and write the grids where their baseline has these columns.",
        )
    return grids
