"""The versions of a monitor, each loaded and prepared once, and what they explain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from obs_dagster.baselines.stored import SAMPLE, version_folder
from obs_dagster.errors import ModelLoadError, ObsError
from obs_dagster.evaluation.sampling import draw_labelled, draw_versions, sample_baseline
from obs_dagster.explain import beside
from obs_dagster.explain.beside import Segments, VersionDay
from obs_dagster.explain.class_explanation import ClassExplainer, ClassExplanation
from obs_dagster.explain.cohorts import Cohorts
from obs_dagster.explain.drawn import drawn
from obs_dagster.explain.explain import Explainer, inputs_of, require
from obs_dagster.explain.explainable import ClassModel, ExplainableModel, HasForms, Puts
from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.kept import day_folder, keep, keep_files
from obs_dagster.explain.loading import RegistryUnavailable, load_classes, load_fetched, load_version
from obs_dagster.explain.logged_agreement import logged_agreement
from obs_dagster.explain.on_labels import kept_shap, opinion_of_labels
from obs_dagster.explain.scoring import Scored, compare, score, served_form, told
from obs_dagster.explain.usual import Usual, usual_attribution
from obs_dagster.explain.version_explained import VersionExplained, refused_whole
from obs_dagster.lake.lake import Lake
from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.monitor.data import Registry
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.telemetry.traces import span

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


_ATTRIBUTION = "attribution.parquet"
NO_LABELS = "no labels"
_NOTHING_USUAL = Usual.unknown("the version has no baseline of its own")


@dataclass(frozen=True, slots=True)
class Explainers:
    """Explains the days of a monitor, with the explainer of each version once it has been prepared.

    Attributes:
        unreachable: why the registry does not answer; empty if it does.
        troubles: why versions cannot be loaded; for all of them under `""`.
        fetched: where the files of versions are, if models are loaded in a process of their own.
        usual: how each version explains the rows of its own baseline, once it has been prepared.
        cohorts: how it explains those of segment cells, where that is asked for.
        forms: those that have more than one score, by the one that is served.
        labelled: whether labels are asked what features are worth, in the place of SHAP what moves scores.
        key: the same in every copy that another process gets.
    """

    monitor: Monitor = field(compare=False)
    lake: Lake = field(compare=False)
    tracking_uri: str = field(compare=False)
    unreachable: str = field(default="", compare=False)
    prepared: dict[str, Explainer | ClassExplainer] = field(default_factory=dict, compare=False)
    troubles: dict[str, str] = field(default_factory=dict, compare=False)
    fetched: dict[str, Path] = field(default_factory=dict, compare=False)
    usual: dict[str, Usual] = field(default_factory=dict, compare=False)
    cohorts: dict[str, Cohorts] = field(default_factory=dict, compare=False)
    forms: dict[str, ExplainableModel] = field(default_factory=dict, compare=False)
    labelled: bool = field(default=False, compare=False)
    key: str = field(default_factory=lambda: uuid4().hex)

    def explain(self, day: dt.date, versions: Sequence[str]) -> list[VersionExplained]:
        """The explanations of a day's versions, whose values and plots are kept; each, or why it is none."""
        registry = self.monitor.registry
        if registry is None:
            return not_explained(versions, "the monitor names no registry", wanted=False)
        if self.unreachable:
            return not_explained(versions, f"MLflow does not answer: {self.unreachable}")
        largest = self.monitor.explanations.sample
        draw = draw_labelled if self.labelled else draw_versions
        try:
            drawn = draw(self.monitor, day, self.lake, versions=versions, rows=largest)
        except Exception as error:  # noqa: BLE001 - whatever stops explanations must not stop what follows them
            return not_explained(versions, told(error))
        return [self._version(day, version, registry, rows) for version, rows in drawn.items()]

    def _version(
        self, day: dt.date, version: str, registry: Registry, rows: pd.DataFrame
    ) -> VersionExplained:
        """The explanation of a version, or whatever kept it from being explained."""
        if rows.empty:
            return VersionExplained(version, reason=NO_LABELS if self.labelled else NO_ROWS)
        explained = self._by_labels if self.labelled else self._explained
        try:
            with span("explain", version=version) as told_of:
                found = explained(day, version, self._load(version, registry), rows)
                told_of.set(rows=found.rows, method=found.method)
                return found
        except ObsError as error:
            return VersionExplained(version, drawn=len(rows), reason=str(error))
        except Exception as error:  # noqa: BLE001 - libraries, models and rows fail in ways of their own
            return VersionExplained(version, drawn=len(rows), reason=self._told(error))

    def _told(self, error: Exception) -> str:
        """An error in one line; libraries quote values, which may be personal."""
        return type(error).__name__ if self.monitor.personal else told(error)

    @property
    def _puts(self) -> Puts:
        """What the versions put out."""
        leading = leading_output(self.monitor)
        if leading.kind == "number":
            return "number"
        return "classes" if leading.allowed else "score"

    def of_version(
        self, version: str, rows: pd.DataFrame
    ) -> tuple[ExplainableModel | ClassModel, Explainer | ClassExplainer]:
        """A version with its explainer.

        Args:
            version: the version.
            rows: rows that it scored, for a version without a baseline of its own.

        Raises:
            ModelLoadError: it cannot be loaded.
            ExplanationError: it takes no row of the baseline, or reads a column that these do not have.
        """
        if self.monitor.registry is None:
            raise ModelLoadError("The monitor names no registry.", remedy="Add `registry`.")
        model = self._load(version, self.monitor.registry)
        inputs = list(inputs_of(model, list(self.monitor.inputs)))
        require(rows, inputs, "rows to explain")
        model = self._form(version, model, rows[inputs], rows)
        return model, self._explainer(version, model, rows)

    def _load(self, version: str, registry: Registry) -> ExplainableModel | ClassModel:
        """The model; what failed once is not tried again for every day.

        Raises:
            ModelLoadError: it cannot be loaded.
        """
        trouble = self.troubles.get("") or self.troubles.get(version)
        if trouble:
            raise ModelLoadError(trouble)
        if version in self.fetched:
            return load_fetched(self.fetched[version], registry.name, version, registry.trust, self._puts)
        try:
            place = (registry.name, version, self.tracking_uri, registry.trust)
            return load_classes(*place) if self._puts == "classes" else load_version(*place, self._puts)
        except ModelLoadError as error:
            self.troubles["" if isinstance(error, RegistryUnavailable) else version] = str(error)
            raise

    def _explained(
        self, day: dt.date, version: str, model: ExplainableModel | ClassModel, rows: pd.DataFrame
    ) -> VersionExplained:
        monitor, puts = self.monitor, self._puts
        inputs = inputs_of(model, list(monitor.inputs))
        require(rows, inputs, "rows to explain")
        model = self._form(version, model, rows[list(inputs)], rows)
        scored = _told_of(score(model, rows[list(inputs)]), personal=bool(monitor.personal))
        accepted = scored.accepted
        if not accepted.any():
            return refused_whole(version, scored)
        kept, scores = rows[accepted], scored.scores[accepted]
        explainer = self._explainer(version, model, kept)
        folder = day_folder(monitor, day, self.lake)
        by_class: dict[str, dict[str, float]] = {}
        whole: Explanation | ClassExplanation
        if isinstance(explainer, ClassExplainer):
            agreement = logged_agreement(monitor, explainer, scored.scores, rows)
            whole = of_classes = explainer.explain(kept, monitor.explanations.tolerance, scores)
            found, by_class = of_classes.over_classes, of_classes.by_class()
            keep(found, of_classes.of_chosen, _beside_ids(of_classes.to_table(), monitor), folder, version)
        else:
            agreement = compare(scored.scores, rows[leading_output(monitor).column], puts)
            whole = found = explainer.explain(kept, monitor.explanations.tolerance, scores)
            keep(found, found, _beside_ids(found.to_table(), monitor), folder, version)
        moved = self.usual.get(version, _NOTHING_USUAL).moved(found)
        has_baseline = version in self.prepared
        at = VersionDay(monitor, self.lake, day, version, explainer, whole, kept, has_baseline=has_baseline)
        segments, pictures = self._segments(at), drawn(at)
        keep_files(pictures.files, folder, version)
        return VersionExplained(
            version=version,
            rows=len(found.data),
            drawn=len(rows),
            refused=scored.refused,
            refusal=scored.why,
            settled=found.settled,
            metrics={name: each | moved[name] for name, each in found.metrics().items()},
            moved=moved[""] | beside.likeness(at),
            opinion=beside.opinion(at),
            cohorts=segments.shifts,
            worst=segments.worst,
            doubt=found.doubt,
            pictures=tuple(pictures.files),
            told=(*filter(None, [segments.wrong]), *pictures.remarks),
            method=found.method,
            unit=found.unit,
            base_value=found.base_value,
            residual=found.residual,
            agreement=agreement,
            by_class=by_class,
        )

    def _by_labels(
        self, day: dt.date, version: str, model: ExplainableModel | ClassModel, rows: pd.DataFrame
    ) -> VersionExplained:
        shap = kept_shap(self.monitor, day, version, self.lake)
        return opinion_of_labels(model, self._puts, rows, version=version, shap=shap, monitor=self.monitor)

    def _segments(self, at: VersionDay) -> Segments:
        """How far segment cells are from the baseline; what goes wrong there ends nothing else."""
        try:
            return beside.segments(at, self.cohorts)
        except Exception as error:  # noqa: BLE001 - libraries and models fail in ways of their own
            return Segments(worst=f"Segments could not be explained: {self._told(error)}")

    def _form(
        self, version: str, model: ExplainableModel | ClassModel, given: pd.DataFrame, rows: pd.DataFrame
    ) -> ExplainableModel | ClassModel:
        """The model by the score that is served, which the first rows of a version decide."""
        if not isinstance(model, HasForms):
            return model
        if version not in self.forms:
            logged = rows[leading_output(self.monitor).column]
            self.forms[version] = served_form(cast("ExplainableModel", model), given, logged)
        return self.forms[version]

    def _explainer(
        self, version: str, model: ExplainableModel | ClassModel, rows: pd.DataFrame
    ) -> Explainer | ClassExplainer:
        """The version's explainer; without a baseline of its own, the day's rows are the background."""
        if version in self.prepared:
            return self.prepared[version]
        features, largest = list(self.monitor.inputs), self.monitor.explanations.sample
        # what is kept of a baseline is without personal values, which the model needs
        hidden = self.monitor.personal.intersection(features)
        hidden |= self.monitor.fairness.columns.intersection(inputs_of(model, features))
        kept = not hidden
        baseline = sample_baseline(self.monitor, version, self.lake, largest) if kept else None
        background = rows if baseline is None else baseline
        found: Explainer | ClassExplainer
        if self._puts == "classes":
            classes = leading_output(self.monitor).allowed
            found = ClassExplainer.prepare(cast("ClassModel", model), background, features, classes, largest)
        else:
            found = Explainer.prepare(cast("ExplainableModel", model), background, features, largest)
        if baseline is not None:
            self.prepared[version] = found
            self.usual[version] = self._usual(version, found)
        return found

    def _usual(self, version: str, explainer: Explainer | ClassExplainer) -> Usual:
        """How the version explains its baseline; what goes wrong there keeps no day from being explained."""
        folder = version_folder(self.monitor, version, self.lake)
        try:
            return usual_attribution(
                explainer, self.monitor.explanations.tolerance, folder / SAMPLE, folder / _ATTRIBUTION
            )
        except Exception as error:  # noqa: BLE001 - libraries and models fail in ways of their own
            return Usual.unknown(f"the baseline's rows could not be explained: {self._told(error)}")


def _beside_ids(values: pa.Table, monitor: Monitor) -> pa.Table:
    """SHAP values by row, without those that would tell to which group of people a row belongs."""
    apart = monitor.fairness.columns.intersection(values.column_names)
    return values.drop_columns(sorted(apart)) if apart else values


def _told_of(scored: Scored, *, personal: bool) -> Scored:
    """What was scored; what libraries say of a row that they refuse quotes its values."""
    return replace(scored, why=scored.why.partition(":")[0]) if personal else scored


def not_explained(versions: Iterable[str], reason: str, *, wanted: bool = True) -> list[VersionExplained]:
    """Versions none of which is explained, for the same reason."""
    return [VersionExplained(version, reason=reason, wanted=wanted) for version in versions]
