"""The trace that this process is in, for whoever tells of it."""

from __future__ import annotations

from obs_dagster.telemetry.traces.ids import trace_of_run
from obs_dagster.telemetry.traces.switch import is_on


def trace_id() -> str:
    """The trace of the open span, in 32 hexadecimal digits; empty if there is none, or it is not kept."""
    return traceparent()[3:35]


def kept_trace(run_id: str) -> str:
    """The trace of a run, whatever is open here; empty if there are no traces, or its own is not kept."""
    if not run_id or not is_on():
        return ""
    from obs_dagster.telemetry.traces import recording

    found = trace_of_run(run_id)
    return found if recording.is_kept(found) else ""


def traceparent() -> str:
    """The span that is open as W3C's `traceparent`, for other programs; empty if there is none."""
    if not is_on():
        return ""
    from obs_dagster.telemetry.traces import recording

    return recording.traceparent()


def deliver_now() -> None:
    """Have what was recorded delivered; waits for a second at most."""
    if is_on():
        from obs_dagster.telemetry.traces import recording

        recording.flush()


def forget() -> None:
    """Begin anew with what the environment says now, as a test does that changes it."""
    if is_on():
        from obs_dagster.telemetry.traces import recording

        recording.forget()
    is_on.cache_clear()
