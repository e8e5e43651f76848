"""Models that were logged with `mlflow.sklearn`."""

from __future__ import annotations

from obs_dagster.explain.explainable import ExplainableModel
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.sklearn_classifier import adapt_classifier


class Sklearn:
    """Classifiers of scikit-learn and pipelines that end in one."""

    name = "sklearn"

    def adapt(self, logged: LoggedModel) -> ExplainableModel:
        """The classifier in a skops file, or in a trusted pickle."""
        found = logged.deserialized(logged.flavor["pickled_model"])
        return adapt_classifier(found, place=logged.place, declared=logged.declared)


ADAPTER = Sklearn()
