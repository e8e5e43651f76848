"""Metrics of several columns at once, where a rule asks for them: a day's rows beside its baseline's.

How days differ anyway is known from days of the baseline, each held against the others. Of a baseline of
named days these are computed once; of a rolling one they are what each night found of its own day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from obs_dagster.baselines.days import day_samples
from obs_dagster.baselines.protocol import baseline_of
from obs_dagster.baselines.stored import PROFILE, baseline_sample, version_folder
from obs_dagster.evaluation.day_rows import (
    ROWS,
    compared_features,
    counted_rows,
    lowest,
    of_version,
    rows_of_day,
)
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import profile_windows
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import manifest_if_readable, read_json, write_json
from obs_dagster.metrics.asked import asked_of
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.multivariate.samples import LEAST_ROWS, SampledColumn, Samples
from obs_dagster.metrics.record import NO_BASELINE, Estimate, MetricRecord
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.stored import Part
from obs_dagster.sources.files import connect
from obs_dagster.telemetry.traces import span

_VALUES = "multivariate"
_FILE = "values.json"
_APART, _MOST = 8, 56
"""Days that tell how days differ: from so many before a night on, the latest so many."""

_ALL_ROWS = Part(whole=frozenset(), cells=frozenset())


def multivariate_records(night: Night, day: dt.date) -> Iterator[MetricRecord]:
    """Every metric of several columns that rules ask for, per version and day."""
    known = family("multivariate", night.monitor.task)
    asked = asked_of(night.monitor, {name: each.definition for name, each in known.items()})
    if not asked or len(compared_features(night.monitor)) < 2:  # noqa: PLR2004  one column is none beside others
        return
    with span("multivariate", day=str(day)):
        yield from _Together(night, day, asked).records()


@dataclass(frozen=True)
class _Together:
    """What is computed of one day."""

    night: Night
    day: dt.date
    asked: frozenset[str]

    @property
    def _monitor(self) -> Monitor:
        return self.night.monitor

    @cached_property
    def _numbers(self) -> list[str]:
        return [name for name, feature in compared_features(self._monitor).items() if feature.numeric]

    @cached_property
    def _categories(self) -> list[str]:
        return [name for name, feature in compared_features(self._monitor).items() if not feature.numeric]

    @property
    def _columns(self) -> list[str]:
        return [*self._numbers, *self._categories]

    def records(self) -> Iterator[MetricRecord]:
        """The records of every version with rows in the longest window."""
        windows = list(profile_windows(self.night, self.day, part=_ALL_ROWS))
        versions = [each for each in windows[-1].profile.versions() if each] if windows else []
        found: dict[str, dict[str, float]] = {}
        for version in versions:
            samples = self.samples(version)
            estimates = evaluate("multivariate", samples, only=self.asked)
            if refused := windows[0].refused or no_sample(self._monitor):
                estimates = {name: Estimate.missing(refused) for name in estimates}
            found[version] = _known(estimates, self._measured)
            yield from self._recorded(estimates, version)
            for name in self._columns if not refused else ():
                of_column = evaluate("multivariate", SampledColumn(samples, name), only=self.asked)
                yield from self._recorded(of_column, version, name)
        self._keep(found)

    def values(self) -> dict[str, dict[str, float]]:
        """What the day is beside its baseline, by version; kept by its night, or computed now."""
        held = read_json(self._path) or {}
        if held.get("names") == sorted(self._measured):
            kept: dict[str, dict[str, float]] = held["versions"]
            return kept
        found = {
            version: _known(
                evaluate("multivariate", self.samples(version, calibrated=False), only=self._measured),
                self._measured,
            )
            for version in counted_rows(self.night, self.day)
        }
        self._keep(found)
        return found

    def _keep(self, found: Mapping[str, Mapping[str, float]]) -> None:
        write_json(self._path, {"names": sorted(self._measured), "versions": found})

    @property
    def _path(self) -> Path:
        folder = self.night.lake.folder(self._monitor.model, _VALUES)
        return folder / f"day={self.day.isoformat()}" / _FILE

    @property
    def _measured(self) -> frozenset[str]:
        """What a day says by itself, about the model as a whole."""
        known = family("multivariate", self._monitor.task)
        return frozenset(
            name
            for name in self.asked
            if known[name].definition.about == "model" and not name.endswith(("_p_value", "_evidence"))
        )

    def _recorded(
        self, estimates: Mapping[str, Estimate], version: str, column: str = ""
    ) -> Iterator[MetricRecord]:
        yield from self.night.recorder.records(
            estimates, version=version, day=self.day, window=1, column=column
        )

    @cached_property
    def rows(self) -> pa.Table | None:
        """The rows of the day that are kept; None if its rows were removed when their time was over."""
        return rows_of_day(self.night, self.day)

    def _at(self, day: dt.date) -> _Together:
        return replace(self, day=day)

    def samples(self, version: str, *, calibrated: bool = True) -> Samples:
        """The rows of a version beside those of its baseline.

        Args:
            version: the version.
            calibrated: whether it has to be known how days differ.
        """
        drawn = seed(self._monitor.model, version, "multivariate")
        if self.rows is None:
            nothing = pa.table({})
            return Samples(self._numbers, self._categories, nothing, nothing, drawn)
        found = Samples(self._numbers, self._categories, None, of_version(self.rows, version), drawn)
        nights = baseline_of(self._monitor).nights(self.day)
        if nights is None:
            return self._against_own(found, version)
        return self._against_nights(found, version, nights, calibrated=calibrated)

    def _against_own(self, samples: Samples, version: str) -> Samples:
        """Against rows of a version's own baseline: training rows, or those of named days."""
        rows = baseline_sample(self._monitor, version, self.night.lake)
        if rows is None or not {*self._columns} <= {*rows.column_names}:
            return replace(samples, uncalibrated=NO_BASELINE)
        samples = replace(samples, baseline=rows.slice(0, ROWS))
        ordinary = self._ordinary_of_days(version, samples, rows)
        return _calibrated(samples, ordinary, "no days of the baseline say how days differ")

    def _ordinary_of_days(self, version: str, samples: Samples, rows: pa.Table) -> list[Mapping[str, float]]:
        """What each day of a baseline of days is beside the others; computed once."""
        folder = version_folder(self._monitor, version, self.night.lake)
        held = manifest_if_readable(folder / PROFILE) or {}
        made_of = [held.get("fingerprint", ""), sorted(self.asked), self._columns]
        path = folder / "multivariate.json"
        kept = read_json(path) or {}
        if kept.get("made_of") != made_of:
            with connect() as connection:
                days = list(day_samples(connection, self._monitor, version, self._columns, self.night.lake))
            if DAY not in rows.column_names:
                days = []
            values = []
            for day, own in days[-_MOST:]:
                if own.num_rows < LEAST_ROWS:
                    continue
                others = rows.filter([str(each) != str(day) for each in rows[DAY].to_pylist()])
                beside = replace(samples, baseline=others.slice(0, ROWS), current=own.slice(0, ROWS))
                estimates = evaluate("multivariate", beside, only=self._measured)
                if all(each.value is not None for each in estimates.values()):
                    values.append({name: each.value for name, each in estimates.items()})
            kept = {"made_of": made_of, "values": values}
            write_json(path, kept)
        found: list[Mapping[str, float]] = kept["values"]
        return found

    def _against_nights(
        self, samples: Samples, version: str, nights: Sequence[dt.date], *, calibrated: bool
    ) -> Samples:
        """Against rows of the days before."""
        kept = [rows for each in nights if self._has(each) and (rows := self._at(each).rows) is not None]
        held = [each for rows in kept if (each := of_version(rows, version)).num_rows]
        if len(held) < baseline_of(self._monitor).least_days:
            return replace(samples, uncalibrated=NO_BASELINE)
        samples = replace(samples, baseline=lowest(held))
        if not calibrated:
            return samples
        before = (self.day - dt.timedelta(days=back) for back in range(_APART, _APART + _MOST))
        told = [self._at(each).values().get(version, {}) for each in before if self._has(each)]
        return _calibrated(samples, [each for each in told if self._measured <= set(each)], "")

    def _has(self, day: dt.date) -> bool:
        return self.night.profiles.exists(day)


def _known(estimates: Mapping[str, Estimate], names: frozenset[str]) -> dict[str, float]:
    return {name: each.value for name, each in estimates.items() if name in names and each.value is not None}


def _calibrated(samples: Samples, days: Sequence[Mapping[str, float]], none: str) -> Samples:
    if not days and none:
        return replace(samples, uncalibrated=f"not calibrated: {none}")
    names = set(days[0]).intersection(*days) if days else set()
    ordinary = {name: [each[name] for each in days] for name in names}
    return replace(samples, ordinary=ordinary)
