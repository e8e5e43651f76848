"""What can go wrong between us and MLflow."""

from __future__ import annotations

from obs_dagster.errors import ObsError


class MlflowUnavailable(ObsError):  # noqa: N818 - a state that passes, and the report catches up
    """MLflow, its database or its artifact store cannot be reached."""


class MlflowRejected(ObsError):  # noqa: N818 - says who refused
    """MLflow was reached and refused what it was asked."""
