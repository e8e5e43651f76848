"""Trains a booster per version and registers it in MLflow, for nights that explain their versions."""

from __future__ import annotations

from pathlib import Path

from bench.clock import run
from bench.prepare.columns import CATEGORIES, NUMBERS
from bench.prepare.kinds import KINDS
from bench.prepare.monitor import MODEL

_PARAMS = {"num_leaves": 31, "num_iterations": 100, "verbosity": -1, "seed": 1}
_ROWS = 50_000


def register(baselines: list[str], tracking_uri: str, artifacts: str, task: str) -> None:
    """Register versions 1, 2, … of the model, each trained on rows of its own baseline.

    Args:
        baselines: the training rows of each version, in order.
        tracking_uri: MLflow's tracking and registry URI.
        artifacts: the folder for the models.
        task: the kind of model.
    """
    import lightgbm
    import mlflow
    import numpy as np
    import pyarrow.parquet as pq
    from mlflow.models import infer_signature

    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_registry_uri(tracking_uri)
    experiment = mlflow.MlflowClient().create_experiment("training", Path(artifacts).as_uri())
    features, kind = [*NUMBERS, *CATEGORIES], KINDS[task]
    for baseline in baselines:
        rows = next(pq.ParquetFile(baseline).iter_batches(_ROWS, columns=[*features, kind.label])).to_pandas()
        encoded = rows[features].astype(dict.fromkeys(CATEGORIES, "category"))
        # the codes of classes are in their order, as LightGBM wants them
        target = (
            rows[kind.label].astype("category").cat.codes
            if "num_class" in kind.training
            else rows[kind.label]
        )
        booster = lightgbm.train(
            {**_PARAMS, **kind.training}, lightgbm.Dataset(encoded, target.astype(float))
        )
        with mlflow.start_run(experiment_id=experiment):
            logged = mlflow.lightgbm.log_model(
                booster,
                name=MODEL,
                signature=infer_signature(rows[features], np.asarray(booster.predict(encoded))),
                # naming the requirements keeps MLflow from starting a process to find them out
                pip_requirements=mlflow.lightgbm.get_default_pip_requirements(),
            )
        mlflow.register_model(logged.model_uri, MODEL)


if __name__ == "__main__":
    run(register)
