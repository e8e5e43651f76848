"""Settings from the environment; the defaults need no server."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where obs-dagster keeps things, read from `OBS_*` and `MLFLOW_TRACKING_URI`."""

    model_config = SettingsConfigDict(env_prefix="OBS_", extra="ignore", populate_by_name=True)

    home: Path = Field(default=Path(".obs"), description="Folder of everything that obs-dagster writes.")
    monitors: Path = Field(default=Path("monitors"), description="Folder of the monitor files.")
    database_url: str | None = Field(default=None, description="History store; left out: SQLite in the home.")
    lake: Path | None = Field(default=None, description="Root of the lake; left out: `lake` in the home.")
    tracking_uri: str | None = Field(
        default=None,
        validation_alias="MLFLOW_TRACKING_URI",
        description="MLflow; left out: SQLite in the home.",
    )

    max_runtime_seconds: int = Field(
        default=86_400, ge=0, description="A run that lasts longer is ended and has failed; 0: none is."
    )
    umask: str = Field(
        default="077",
        pattern="^[0-7]{3,4}$",
        description="Permissions that files and folders of the home are made without, in octal.",
    )

    @cached_property
    def root(self) -> Path:
        """The home folder as an absolute path."""
        return self.home.expanduser().absolute()

    @property
    def history_url(self) -> str:
        """SQLAlchemy URL of the history store."""
        return self.database_url or f"sqlite:///{self.root / 'history.db'}"

    @property
    def lake_root(self) -> Path:
        """Root folder of the lake."""
        return (self.lake or self.root / "lake").expanduser().absolute()

    @property
    def mlflow_uri(self) -> str:
        """MLflow tracking and registry URI."""
        if self.tracking_uri is None or not self.tracking_uri:
            return f"sqlite:///{self.root / 'mlflow.db'}"
        # SQLAlchemy reads these as psycopg 3; what is installed is psycopg2
        return re.sub("^postgres(ql)?://", "postgresql+psycopg2://", self.tracking_uri)

    @property
    def dagster_home(self) -> Path:
        """The Dagster instance's folder (`DAGSTER_HOME`)."""
        return self.root / "dagster"

    def run_lock(self, run_id: str) -> Path:
        """The file that the process of a run holds while it lives."""
        return self.root / "alive" / run_id
