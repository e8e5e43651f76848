"""Models that were logged with `mlflow.sklearn`."""

from __future__ import annotations

from obs_dagster.explain.estimators import adapt_estimator
from obs_dagster.explain.explainable import ClassModel, ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel


class Sklearn:
    """Classifiers and regressors of scikit-learn and pipelines that end in one."""

    name = "sklearn"

    def adapt(self, logged: LoggedModel) -> ExplainableModel | ClassModel:
        """The estimator in a skops file, or in a trusted pickle."""
        found = logged.deserialized(logged.flavor["pickled_model"])
        return adapt_estimator(found, logged, logged.declared)


ADAPTER = Sklearn()
