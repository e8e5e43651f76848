"""The last night of every model: when, of which day, of how many rows, what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from obs_dagster.exports.moments import end_of
from obs_dagster.exports.sample import Gauge, Sample
from obs_dagster.exports.seen import Seen
from obs_dagster.fleet.standing import GRAVEST_FIRST
from obs_dagster.history import current
from obs_dagster.monitor.whole import WHOLE

_ENDED = Gauge(
    "obs_last_night_timestamp_seconds",
    "When the night of the latest day of a model ended.",
    ("model",),
    "seconds",
)
_AGE = Gauge(
    "obs_last_night_age_seconds",
    "How long ago the night of the latest day of a model ended.",
    ("model",),
    "seconds",
    by_time=True,
)
_DAY = Gauge(
    "obs_last_night_day_timestamp_seconds",
    "The end of the latest day of a model that had a night.",
    ("model",),
    "seconds",
)
_EVALUATED = Gauge(
    "obs_last_night_evaluated", "Whether the night of the latest day evaluated it: 1, or 0.", ("model",)
)
_ROWS = Gauge("obs_last_night_rows", "Predictions that were logged on the latest day.", ("model",), "rows")
_QUARANTINED = Gauge(
    "obs_last_night_quarantined_rows",
    "Rows of the latest day that broke the contract and are kept in quarantine.",
    ("model",),
    "rows",
)
_STATE = Gauge(
    "obs_model_state",
    "How a model stands, as `obs status` says it: 1 for the state that it is in, 0 for the others.",
    ("model", "state"),
)
_VERDICT = Gauge(
    "obs_version_state",
    "The last verdict of a version: 1 for the state that it is in, 0 for the others.",
    ("model", "version", "state"),
)
_SAID = ("failing", "unknown", "moved", "sound")


class Nights:
    """How models stand after their last night."""

    name = "nights"

    def gauges(self) -> Iterable[Gauge]:
        """What is known of a night, and states."""
        return (_ENDED, _AGE, _DAY, _EVALUATED, _ROWS, _QUARANTINED, _STATE, _VERDICT)

    def samples(self, seen: Seen) -> Iterator[Sample]:
        """Those of every model, also of one that had no night or whose file is wrong."""
        for each in seen.fleet:
            for state in GRAVEST_FIRST:
                yield _STATE.of(state == each.state, model=each.model, state=state)
            for version in each.versions:
                for said in _SAID:
                    yield _VERDICT.of(
                        said == version.status, model=each.model, version=version.version, state=said
                    )
        for model, night in seen.last.items():
            ended = night.finished_at
            yield _ENDED.of(ended.timestamp(), model=model)
            yield _AGE.of((seen.now - ended).total_seconds(), model=model)
            yield _EVALUATED.of(night.evaluated, model=model)
            yield _ROWS.of(night.rows, model=model)
            if (monitor := seen.monitors.get(model)) is not None:
                yield _DAY.of(end_of(night.day, monitor).timestamp(), model=model)
            wanted = current.Selection(
                days=[night.day], metrics=["quarantined_share"], versions=[WHOLE], windows=[1]
            )
            for record in current.read(seen.connection, model, wanted):
                if record.value is not None:
                    # the share is of whole rows, so this is their number again
                    yield _QUARANTINED.of(round(record.value * record.n), model=model)


READING = Nights()
