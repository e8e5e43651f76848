"""Who hears of alerts: a tree of routes, each to a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.escalation import SEVERITIES, Severity
from obs_dagster.monitor.secret_url import label_of, resolved

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOURS = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


class Route(Strict):
    """Sends notifications that it wants to a channel, or on to the routes below it.

    Everything that is given has to hold. What one of the routes below takes does not go to its own `url`.
    Routes beside each other are asked one after another, unless one that takes something says
    `continue: false`.
    """

    url: str = Field(
        default="",
        description="Where to: a URL as docs/alerting.md lists them (`slack-bot://…`, `mailto://…`). "
        "Secrets come from the environment: write `${NAME}`. It may be left out where there are `routes`.",
    )
    severities: tuple[Severity, ...] = Field(
        default=SEVERITIES, min_length=1, description="Severities that are sent."
    )
    models: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Models whose notifications are sent (`*` stands for any text), for routes that several "
        "monitors share; left out: every one.",
    )
    owners: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Owners whose notifications are sent (`team:*`); left out: every one.",
    )
    labels: dict[str, str] = Field(
        default_factory=dict,
        description="What the labels of the rule have to be (`*` stands for any text); `rule`, `metric`, "
        "`model_version`, `segment` and `column` are there too.",
    )
    hours: str | None = Field(
        default=None,
        pattern=HOURS,
        description="When it is sent, in the monitor's time zone, the end left out: `08:00-18:00`, over "
        "midnight `22:00-06:00`. It is the time at which the alert is told first that counts.",
    )
    weekdays: tuple[Weekday, ...] | None = Field(
        default=None, min_length=1, description="On which days of the week; left out: on all."
    )
    further: bool = Field(
        default=True,
        alias="continue",
        description="Whether the routes after it are asked, too, if it takes it.",
    )
    routes: tuple[Route, ...] = Field(default=(), description="Routes below it.")

    @property
    def label(self) -> str:
        """Scheme and host, for logs and pages: never credentials."""
        return label_of(self.url)

    def resolve(self, environ: Mapping[str, str] | None = None) -> str:
        """The URL with its secrets filled in; pass it on to the channel, keep it nowhere.

        Args:
            environ: the environment variables; left out: the process's.

        Raises:
            ObsError: a variable is not set.
        """
        return resolved(self.url, environ)
