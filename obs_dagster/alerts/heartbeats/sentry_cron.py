"""`sentry+https://`: a check-in of a cron monitor of Sentry, which is made by its first one."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote

from obs_dagster.alerts.channels.error import ChannelError
from obs_dagster.alerts.channels.form import Form
from obs_dagster.alerts.channels.request import request
from obs_dagster.alerts.channels.sentry import project
from obs_dagster.alerts.heartbeats.night import Night


class SentryCron:
    """Checks in by the DSN of a project."""

    name = "sentry_cron"
    form: ClassVar = Form(
        "sentry",
        "sentry+https://PUBLIC_KEY@HOST/PROJECT_ID#monitor=obs-night&margin=360",
        options={"monitor": "", "margin": "360", "environment": "production"},
    )

    def schemes(self) -> frozenset[str]:
        """Those of DSNs."""
        return self.form.schemes

    def tell(self, url: str, night: Night) -> None:
        """Check in with how the night ended, and with when the next one is due."""
        address = self.form.read(url)
        place, options = project(address), address.options
        slug = quote(options["monitor"] or f"obs-{night.model}".replace("_", "-"), safe="")
        due = {
            "schedule": {"type": "crontab", "value": night.schedule},
            "timezone": night.time_zone,
            "checkin_margin": int(options["margin"]),
        }
        request(
            "POST",
            f"{place.base}/api/{place.words['project']}/cron/{slug}/{address.user}/",
            json={
                "status": "error" if night.failed else "ok",
                "environment": options["environment"],
                "monitor_config": due,
            },
        )

    def problem(self, url: str) -> str:
        """A DSN has a key and a project, and the margin is of minutes."""
        try:
            address = self.form.read(url)
        except ChannelError as error:
            return str(error)
        sound = address.user and project(address).words["project"].isdecimal()
        return (
            "" if sound and address.options["margin"].isdecimal() else f"It is written {self.form.example}."
        )


HEARTBEAT = SentryCron()
