"""The Dagster instance in the home folder: what runs on the command line shows in the UI."""

from __future__ import annotations

import os

import dagster as dg
from dagster._core.instance.ref import InstanceRef  # the only way to override a part of `dagster.yaml`

from obs_dagster.file_lock import alone
from obs_dagster.lake.lake import replacing
from obs_dagster.settings import Settings

_TELEMETRY = "telemetry:\n  enabled: false\n"
_MONITORED = f"{_TELEMETRY}run_monitoring:\n  enabled: true\n"
#: `nux` is the dialog that covers the first page that a new instance shows.
_CONFIGURATION = f"{_MONITORED}nux:\n  enabled: false\n"
#: What earlier versions wrote: nobody has changed it, so it may be replaced.
_EARLIER = (_TELEMETRY, _MONITORED)

#: Output of this process belongs to the terminal; Dagster would lead it through files and back, out of order.
_NO_CAPTURE = {
    "module": "dagster._core.storage.noop_compute_log_manager",
    "class": "NoOpComputeLogManager",
}


def prepare_home(settings: Settings) -> None:
    """Make the instance's folder, with a `dagster.yaml` unless it has one of its own; set `DAGSTER_HOME`."""
    file = settings.dagster_home / "dagster.yaml"
    if not file.exists() or file.read_text(encoding="utf-8") in _EARLIER:
        for left in settings.dagster_home.glob(f".{file.name}.*"):
            # of somebody who was killed here
            left.unlink(missing_ok=True)
        with replacing(file) as aside:
            aside.write_text(_CONFIGURATION, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def open_instance(settings: Settings, ref: InstanceRef | None = None) -> dg.DagsterInstance:
    """The persistent instance, to be used as a context manager; without capture of output.

    Args:
        settings: where the home is.
        ref: another one than that of the home.
    """
    if ref is not None:
        return dg.DagsterInstance.from_ref(ref)
    # Dagster makes its databases when it is first opened, and two that do collide
    with alone(settings.dagster_home / ".opening"):
        prepare_home(settings)
        return dg.DagsterInstance.from_ref(
            InstanceRef.from_dir(str(settings.dagster_home), overrides={"compute_logs": _NO_CAPTURE})
        )
