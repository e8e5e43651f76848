"""Settings from the environment; the defaults need no server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from obs_dagster.errors import SettingsError
from obs_dagster.links import TRACE_ID, Links
from obs_dagster.secrets import given
from obs_dagster.store import StoreError, is_remote, place


def _page(url: str) -> str:
    """The URL of a web page that others are found below, without a slash at its end; empty for none."""
    url = url.strip()
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and name a host")
    if parts.username is not None:
        raise ValueError("it must not hold a user or a password, for people see it")
    if parts.query or parts.fragment or re.search(r"\s", url):
        raise ValueError("it must be the plain address that all pages are below, without `?`, `#` and blanks")
    if parts.port == 0:
        raise ValueError("it has no port 0")
    return url.rstrip("/")


def _trace_page(url: str) -> str:
    """The address of a trace, whose id is still to be filled in; empty for none."""
    url = url.strip()
    if url and (TRACE_ID not in url or not url.startswith(("http://", "https://"))):
        raise ValueError(f"it must begin with http:// or https:// and have {TRACE_ID} in it")
    if url and urlsplit(url).username is not None:
        raise ValueError("it must not hold a user or a password, for people see it")
    return url


def _lake(root: str | Path) -> Path:
    """A folder, or an address in object storage."""
    try:
        return place(str(root))
    except StoreError as error:
        raise ValueError(str(error).rstrip(".")) from None


def _local(folder: str | Path) -> str | Path:
    if is_remote(folder):
        raise ValueError("it must be a folder of this machine; OBS_LAKE may be an address in object storage")
    return folder


#: Settings that may hold a secret, each of which a file may say (`OBS_DATABASE_URL_FILE`).
_SECRET = {
    "database_url": "OBS_DATABASE_URL",
    "exports": "OBS_EXPORTS",
    "tracking_uri": "MLFLOW_TRACKING_URI",
}

Page = Annotated[str, AfterValidator(_page)]


class Settings(BaseSettings):
    """Where obs-dagster keeps things, read from `OBS_*` and `MLFLOW_TRACKING_URI`."""

    model_config = SettingsConfigDict(env_prefix="OBS_", extra="ignore", populate_by_name=True)

    home: Annotated[Path, BeforeValidator(_local)] = Field(
        default=Path(".obs"), description="Folder of everything that obs-dagster writes."
    )
    monitors: Path = Field(default=Path("monitors"), description="Folder of the monitor files.")
    database_url: str | None = Field(default=None, description="History store; left out: SQLite in the home.")
    lake: Annotated[Path, PlainValidator(_lake)] | None = Field(
        default=None,
        description="Root of the lake: a folder, or an address such as `s3://bucket/lake`; left out: `lake` "
        "in the home.",
    )
    tracking_uri: str | None = Field(
        default=None,
        validation_alias="MLFLOW_TRACKING_URI",
        description="MLflow; left out: SQLite in the home.",
    )

    dagster_url: Page = Field(
        default="",
        description="Dagster's web server as people reach it, for links in notifications, MLflow and pages.",
    )
    mlflow_url: Page = Field(
        default="",
        description="MLflow's server as people reach it; left out: `MLFLOW_TRACKING_URI` if it is a server.",
    )
    reports_url: Page = Field(
        default="",
        description="Where the folder `reports` of the home is served; every night writes its pages there.",
    )

    exports: str = Field(
        default="", description="Where samples of models' health are sent: URLs between commas or blanks."
    )
    exports_series: int = Field(
        default=2_000,
        ge=1,
        description="Most samples of a model that are exported; it says how many are left out.",
    )
    traces: str = Field(
        default="",
        pattern="^(off|((mlflow|otlp|console)(, *(mlflow|otlp|console))*)?)$",
        description="Where traces go: `mlflow`, `otlp`, `console`, several with commas, or `off`; left out: "
        "as OpenTelemetry's own variables say.",
    )
    traces_url: Annotated[str, AfterValidator(_trace_page)] = Field(
        default="", description="Where people see a trace, with `{trace_id}` in it; links lead there."
    )

    causes_python: str = Field(
        default="",
        description="The interpreter of an environment with DoWhy, for `obs causes --second-opinion`.",
    )

    max_runtime_seconds: int = Field(
        default=86_400, ge=0, description="A run that lasts longer is ended and has failed; 0: none is."
    )
    umask: str = Field(
        default="077",
        pattern="^[0-7]{3,4}$",
        description="Permissions that files and folders of the home are made without, in octal.",
    )

    def __init__(self, **values: Any) -> None:
        for field, variable in _SECRET.items():
            # what stands in the environment itself wins, as pydantic reads it
            if field not in values and variable not in values and variable not in os.environ:
                said = given(variable, os.environ)
                values |= {} if said is None else {field: said}
        try:
            super().__init__(**values)
        except ValidationError as error:
            # pydantic's own text quotes the values, which may hold secrets
            raise SettingsError(
                f"{' '.join(_problems(error))}", remedy="Mend it in the environment, or unset it."
            ) from None

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

    @property
    def reports(self) -> Path:
        """The folder of pages that people open without MLflow."""
        return self.root / "reports"

    @property
    def links(self) -> Links:
        """The addresses that people are sent to."""
        served = self.tracking_uri or ""
        try:
            tracking = _page(served) if served.startswith("http") else ""
        except ValueError:
            # it may hold a password, or what is wrong with it is told by whoever opens it
            tracking = ""
        return Links(self.dagster_url, self.mlflow_url or tracking, self.reports_url, self.traces_url)

    def run_lock(self, run_id: str) -> Path:
        """The file that the process of a run holds while it lives."""
        return self.root / "alive" / run_id


def _problems(error: ValidationError) -> Iterator[str]:
    """Each setting that is wrong, by the name of its variable, and why."""
    for each in error.errors(include_url=False, include_input=False):
        name = str(each["loc"][0]) if each["loc"] else ""
        variable = name if name.isupper() else f"OBS_{name.upper()}"
        why = each["msg"].removeprefix("Value error, ")
        yield f"{variable} is malformed: {why[:1].lower()}{why[1:]}."
