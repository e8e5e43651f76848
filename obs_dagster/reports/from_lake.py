"""What a health page shows out of the lake: what stages kept of a day's rows beside their records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from obs_dagster.changes.change import NOTHING, Changes
from obs_dagster.errors import LakeError, SourceError
from obs_dagster.evaluation.drift import changes_of
from obs_dagster.evaluation.examples import Example, examples_of
from obs_dagster.evaluation.fairness import FairnessError, fairness_between
from obs_dagster.evaluation.hour_sections import hour_sections
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.sections import outcome_sections
from obs_dagster.evaluation.typical import typical_rows
from obs_dagster.evaluation.versus import Versus
from obs_dagster.evaluation.where import WhereError, why_on
from obs_dagster.explain.kept import explanation_remarks
from obs_dagster.federation.buckets import unnamed_columns
from obs_dagster.links import Links
from obs_dagster.monitor.elsewhere import at_sites
from obs_dagster.quality.contract import UNCAST_RULE
from obs_dagster.quality.schema_events import events_of_day
from obs_dagster.quality.validated import day_quality
from obs_dagster.reports.content import content_sections
from obs_dagster.reports.effect import effect_sections, newest_effect
from obs_dagster.reports.fairness import fairness_sections
from obs_dagster.reports.health.explained import explained_sections
from obs_dagster.reports.versus import newest_versus, versus_section
from obs_dagster.reports.why import why_sections
from obs_dagster.sites.privacy import told_of_sites
from obs_dagster.sources.ingest import LOGS
from obs_dagster.sources.labels import label_book
from obs_dagster.tasks.sections import Section
from obs_dagster.verdict.headline import headline_window, settled_through


@dataclass(frozen=True, slots=True)
class FromLake:
    """What the lake has for the page of a day, each as `HealthInput` says; nothing where there is no lake.

    Attributes:
        remarks: what could not be shown, and why, and what is to be known of the day's rows.
    """

    broken: Mapping[str, int] = field(default_factory=dict)
    changes: Changes = NOTHING
    sections: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    hours: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    fairness: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    why: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    versus: Sequence[Section] = ()
    compared: tuple[str, str] | None = None
    explained: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    content: Mapping[str, Sequence[Section]] = field(default_factory=dict)
    examples: Sequence[tuple[Example, str]] = ()
    remarks: Sequence[str] = ()


class LakeReader:
    """Reads what pages show out of the lake.

    Args:
        night: what the run evaluates with; its lake holds what the stages kept.
        links: where traces are shown.
    """

    def __init__(self, night: Night, links: Links) -> None:
        self._night = night
        self._monitor = night.monitor
        self._lake = night.lake
        self._links = links

    def of(self, day: dt.date) -> FromLake:
        """What there is for the page of a day."""
        sections, undrawn = self._sections(day)
        changes, damaged = self._changes(day)
        versus = self._versus(day)
        return FromLake(
            broken=self._broken(day),
            changes=changes,
            sections=sections,
            hours=hour_sections(self._night, day),
            fairness=self._fairness(day),
            why=self._why(day),
            versus=[versus_section(versus), *self._effect(day, versus[0])] if versus else (),
            compared=(versus[0].first, versus[0].second) if versus else None,
            explained=self._explained(day),
            content=self._content(day),
            examples=self._examples(day),
            remarks=[
                *undrawn,
                *damaged,
                *self._columns(day),
                *self._sites(day),
                *self._ids(day),
                *self._waiting,
            ],
        )

    def _broken(self, day: dt.date) -> Mapping[str, int]:
        """The rules that rows of the day broke, the most rows first."""
        quality = day_quality(self._monitor, day, self._lake)
        if quality is None:
            return {}
        # of the column, with a value
        named = quality.examples.get(UNCAST_RULE) or UNCAST_RULE
        return {named if rule == UNCAST_RULE else rule: n for rule, n in quality.broken_rules.items()}

    def _columns(self, day: dt.date) -> list[str]:
        """What changed in the columns of the log since the day before."""
        told = str(events_of_day(self._monitor, day, self._lake))
        return [told] if told else []

    def _sites(self, day: dt.date) -> list[str]:
        """Which sites the day lacks, and whose counts have noise."""
        if not at_sites(self._monitor):
            return []
        manifest = self._lake.table(self._monitor.model, LOGS).readable(day) or {}
        told = told_of_sites(manifest, objectives=self._monitor.objectives is not None)
        noisy = any(each["privacy"].get("epsilon") for each in manifest.get("sites", {}).values())
        unnamed = unnamed_columns(self._monitor) if noisy else []
        if unnamed:
            told.append(
                f"How {', '.join(unnamed)} moved is not known: with noise values are told apart only where "
                "the monitor names them in `allowed`"
            )
        return told

    def _ids(self, day: dt.date) -> list[str]:
        """Ids of the day whose rows say different things of one prediction."""
        found = day_quality(self._monitor, day, self._lake)
        return [found.told_conflicts] if found and found.conflicts else []

    @cached_property
    def _waiting(self) -> list[str]:
        """Labels that have not found their prediction, and why they may not."""
        if self._monitor.labels is None:
            return []
        waiting = label_book(self._monitor, self._lake).waiting
        return [str(waiting).rstrip(".")] if waiting.labels and not waiting.of_log else []

    def _changes(self, day: dt.date) -> tuple[Changes, list[str]]:
        """Which columns moved, or why that cannot be told."""
        try:
            return changes_of(self._monitor.model, self._lake, day), []
        except LakeError as error:
            return NOTHING, [f"What moved could not be told: {str(error).rstrip('.')}"]

    def _why(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """Where versions are wrong and why that changed; nothing where it is not known."""
        try:
            return why_sections(*why_on(self._night, settled_through(self._monitor, day) or day))
        except (WhereError, LakeError):
            return {}

    def _explained(self, day: dt.date) -> dict[str, tuple[Section, ...]]:
        """How the output of each version goes with its features, as far as that was drawn."""
        return {
            version: explained_sections(self._monitor, day, version, self._lake)
            for version in explanation_remarks(self._monitor, day, self._lake)
        }

    def _content(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """Rows whose content is like the baseline's, and least like it; nothing where these are gone."""
        if not self._monitor.content:
            return {}
        try:
            return content_sections(typical_rows(self._monitor, day, self._lake))
        except (LakeError, SourceError):
            return {}

    def _versus(self, day: dt.date) -> Sequence[Versus]:
        """The newest version against the champion or the one before it; nothing where that is not known."""
        try:
            return newest_versus(self._night, settled_through(self._monitor, day) or day)
        except LakeError:
            return ()

    def _examples(self, day: dt.date) -> list[tuple[Example, str]]:
        """Requests of the day that have a trace, each with its address."""
        found = examples_of(self._monitor, day, self._lake)
        return [(each, self._links.trace(each.trace_id)) for each in found]

    def _effect(self, day: dt.date, compared: Versus) -> Sequence[Section]:
        """What serving the newest version did, where the monitor asks; nothing where rows cannot be read."""
        settled = settled_through(self._monitor, day) or day
        try:
            found = newest_effect(self._night, settled, (compared.first, compared.second))
        except (LakeError, SourceError):
            return ()
        return effect_sections(found) if found is not None else ()

    def _fairness(self, day: dt.date) -> Mapping[str, tuple[Section, ...]]:
        """How groups of people were treated; nothing where none are compared, or their counts are damaged."""
        if not self._monitor.fairness.attributes:
            return {}
        first = day - dt.timedelta(days=headline_window(self._monitor) - 1)
        try:
            return fairness_sections(fairness_between(self._night, first, day))
        except (FairnessError, LakeError):
            return {}

    def _sections(self, day: dt.date) -> tuple[dict[str, tuple[Section, ...]], list[str]]:
        """What the task shows of each version's outcomes, or why it could not."""
        try:
            return outcome_sections(self._night, day, headline_window(self._monitor)), []
        except (LakeError, SourceError) as error:
            return {}, [f"How right the model is could not be drawn: {str(error).rstrip('.')}"]
