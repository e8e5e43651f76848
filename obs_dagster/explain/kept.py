"""Explanations as they are kept in the lake: a folder per day, with files for each version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.plots import bar_png, beeswarm_png
from obs_dagster.lake.file_name import file_name
from obs_dagster.lake.lake import Lake, read_json, replacing
from obs_dagster.monitor.model import Monitor

SUMMARY = "summary.json"
_TABLE = "explanations"


def day_folder(monitor: Monitor, day: dt.date, lake: Lake) -> Path:
    """Where the explanations of a day are, or will be."""
    return lake.folder(monitor.model, _TABLE) / f"day={day.isoformat()}"


def explanation_files(monitor: Monitor, day: dt.date, version: str, lake: Lake) -> dict[str, Path]:
    """The day's files about a version by a name for readers; empty if there is no explanation."""
    folder = day_folder(monitor, day, lake)
    stem = file_name(version)
    files = {
        "shap_bar.png": folder / f"{stem}.bar.png",
        "shap_beeswarm.png": folder / f"{stem}.beeswarm.png",
        "shap_values.parquet": folder / f"{stem}.parquet",
    }
    known = {entry["version"]: entry for entry in read_json(folder / SUMMARY) or () if not entry["reason"]}
    if version not in known:
        return {}
    return files | {name: folder / f"{stem}.{name}" for name in known[version].get("pictures", ())}


def explanation_remarks(monitor: Monitor, day: dt.date, lake: Lake) -> dict[str, list[str]]:
    """What a reader of each version's explanation of a day must know; empty if the day was not explained."""
    summary = read_json(day_folder(monitor, day, lake) / SUMMARY) or ()
    return {entry["version"]: entry.get("remarks", []) for entry in summary}


def keep(bar: Explanation, beeswarm: Explanation, table: pa.Table, folder: Path, version: str) -> None:
    """Keep the plots and the values of a version, each replaced at once.

    Args:
        bar: what the bars show.
        beeswarm: what the beeswarm shows.
        table: the values.
        folder: the day's.
        version: the version.
    """
    stem = file_name(version)
    contents: dict[str, bytes | pa.Table] = {
        f"{stem}.bar.png": bar_png(bar),
        f"{stem}.beeswarm.png": beeswarm_png(beeswarm),
        f"{stem}.parquet": table,
    }
    for name, content in contents.items():
        with replacing(folder / name) as aside:
            if isinstance(content, bytes):
                aside.write_bytes(content)
            else:
                pq.write_table(content, aside, compression="zstd")


def keep_files(files: Mapping[str, bytes], folder: Path, version: str) -> None:
    """Keep more files about a version, each replaced at once.

    Args:
        files: content by the name that `explanation_files` gives it.
        folder: the day's.
        version: the version.
    """
    for name, content in files.items():
        with replacing(folder / f"{file_name(version)}.{name}") as aside:
            aside.write_bytes(content)
