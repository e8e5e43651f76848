"""The baseline of each version: its training rows in the shape of the log, with honest scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.demo.flights import LABEL
from obs_dagster.demo.log_rows import log_rows, to_arrow
from obs_dagster.demo.models import THRESHOLD, FloatArray
from obs_dagster.errors import LakeError
from obs_dagster.lake.lake import manifest_metadata, manifest_of, replacing

if TYPE_CHECKING:
    import pandas as pd


def baseline_path(folder: Path, version: str) -> Path:
    """Where the baseline of a version is, or will be."""
    return folder / "baseline" / f"version={version}" / "training.parquet"


def has_baseline(folder: Path, version: str, fingerprint: str) -> bool:
    """Whether the baseline is there, whole, and of this training."""
    path = baseline_path(folder, version)
    try:
        return path.exists() and manifest_of(path).get("fingerprint") == fingerprint
    except LakeError:
        return False


def write_baseline(
    folder: Path, version: str, training: pd.DataFrame, scores: FloatArray, fingerprint: str
) -> Path:
    """Write the training rows with their out-of-fold scores and labels; the file's path."""
    import pyarrow.parquet as pq

    rows = log_rows(training, version, scores)
    rows[LABEL] = training[LABEL].astype(bool)
    path = baseline_path(folder, version)
    with replacing(path) as aside:
        metadata = manifest_metadata({"fingerprint": fingerprint})
        pq.write_table(to_arrow(rows, metadata), aside, compression="zstd")
    return path


def quality(training: pd.DataFrame, scores: FloatArray) -> dict[str, float]:
    """Out-of-fold quality of a version on its training rows, at the threshold that is served."""
    from sklearn.metrics import log_loss, precision_score, recall_score, roc_auc_score

    late = training[LABEL].astype(bool).to_numpy()
    announced = scores >= THRESHOLD
    return {
        "oof_roc_auc": float(roc_auc_score(late, scores)),
        "oof_log_loss": float(log_loss(late, scores)),
        "oof_precision": float(precision_score(late, announced)),
        "oof_recall": float(recall_score(late, announced)),
        "late_share": float(late.mean()),
    }
