"""The monitor: everything that obs-dagster needs to know about one model, as one YAML file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, PrivateAttr

from obs_dagster.monitor.alerting import Rule, Rules
from obs_dagster.monitor.baseline import BASELINES, BaselineKeys
from obs_dagster.monitor.causes import Causes
from obs_dagster.monitor.choice import OneOf
from obs_dagster.monitor.content import Declared, Descriptor, parted
from obs_dagster.monitor.contract import Feature, Strict
from obs_dagster.monitor.costs import Costs
from obs_dagster.monitor.data import MADE_ID, Labels, Logs, Registry
from obs_dagster.monitor.effect import Effect
from obs_dagster.monitor.engine import ENGINES, EngineKeys, default_engine
from obs_dagster.monitor.explanations import Explanations
from obs_dagster.monitor.fairness import Fairness
from obs_dagster.monitor.federation import Federation
from obs_dagster.monitor.log_labels import placed
from obs_dagster.monitor.multiclass import Multiclass
from obs_dagster.monitor.objectives import Objectives
from obs_dagster.monitor.placeholders import resolve
from obs_dagster.monitor.ranking import Ranking
from obs_dagster.monitor.retention import Retention
from obs_dagster.monitor.route import Route
from obs_dagster.monitor.routing import every_route
from obs_dagster.monitor.system import Components

DEFAULT_TASK = "binary_classification"
"""The kind of a model whose monitor does not say."""

Days = Annotated[int, Field(ge=1, le=366)]
Identity = Literal["version", "day", "global"]


class Quality(Strict):
    """How the contract of a day's rows is judged."""

    max_quarantined_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Above this share of quarantined rows the day is not evaluated.",
    )
    suite: str | None = Field(
        default=None,
        description="A Great Expectations suite (JSON) of the team's own, validated beside the contract.",
    )
    rows_expected: Literal["daily", "weekdays", "never"] = Field(
        default="daily",
        description="The days on which a log without rows is an alert; `weekdays` are Monday to Friday. "
        "A day without rows is never evaluated.",
    )

    def expects_rows(self, day: dt.date) -> bool:
        """Whether something is wrong if the log has no rows of a day."""
        weekend = day.isoweekday() > 5  # noqa: PLR2004 - Saturday and Sunday
        return self.rows_expected == "daily" or (self.rows_expected == "weekdays" and not weekend)


class Reports(Strict):
    """Evidently's HTML reports."""

    evidently_sample: int = Field(
        default=1_000, ge=50, le=200_000, description="Rows per version in an Evidently report."
    )
    evidently_every_days: int = Field(
        default=1, ge=1, le=366, description="1 writes Evidently reports every night, 7 once a week."
    )
    evidently_columns: int = Field(
        default=40,
        ge=1,
        le=2_000,
        description="Columns in Evidently's page of drift; of more, those that moved most, and the outputs.",
    )


class Monitor(Strict):
    """Describes one model in production: its logs, labels, features, baseline, windows and alerts."""

    any_content: ClassVar[bool] = False
    """Whether a monitor of this process has texts, vectors or images: their SQL calls functions of ours."""

    # what kinds there are is known once all of the package can be imported
    model_config = ConfigDict(defer_build=True)

    model: str = Field(
        pattern=r"^[a-z][a-z0-9_]{0,62}$", description="The model's name; prefix of its asset keys."
    )
    description: str = Field(default="", description="What the model predicts.")
    owner: str = Field(
        default="",
        pattern=r"^(|team:[A-Za-z0-9_]+|[^@\s]+@[^@\s]+\.[^@\s]+)$",
        description="An e-mail address or `team:name`; shown in Dagster and in alerts.",
    )
    task: str = Field(
        default=DEFAULT_TASK,
        description="What kind of model it is; docs/architecture.md lists the tasks that there are.",
    )
    time_zone: str = Field(default="UTC", description="The IANA time zone in which a day begins and ends.")
    start: dt.date = Field(description="The first day that is evaluated.")
    end: dt.date | None = Field(default=None, description="The last day, for a log that is complete.")
    schedule: str = Field(
        default="0 5 * * *", description="When the night runs (cron, in the monitor's time zone)."
    )
    night_hours: float | None = Field(
        default=None,
        gt=0,
        description="How long a night may take, which warnings are about; left out: until the next one.",
    )
    logs: Logs = Field(description="The inference log.")
    identity: Identity = Field(
        default="version",
        description="What an id names. `version`: one prediction of each version on a day, so two versions "
        "that score one request keep both their rows. `day`: one prediction of a day, whatever its version, "
        "and another one on the next, so labels say the day, too (`keys` with `{day}`). "
        "`global`: one prediction of the whole log, on the first day that has it; rows of later days repeat "
        "it. `obs check` says which one the log keeps to ([logs.md](logs.md#ids-that-repeat)).",
    )
    labels: Labels | None = Field(default=None, description="Ground truth; left out: quality is not known.")
    registry: Registry | None = Field(default=None, description="The model registry.")
    champion: str | None = Field(
        default=None,
        min_length=1,
        description="The version that others are held against, as the log has it (`'1'`); or with an `@` an "
        "alias of the registered model in MLflow (`'@champion'`), asked for every night "
        "([versions.md](versions.md#a-rule-on-the-champion)).",
    )
    features: dict[str, Feature] = Field(
        min_length=1, description="The feature columns of the log and the contract of each."
    )
    segments: tuple[str | tuple[str, ...], ...] = Field(
        default=(),
        description="Categorical features by whose values metrics are split; a list of them is a crossing.",
    )
    baseline: Annotated[BaselineKeys, OneOf(BASELINES)] = Field(
        description="What each version is compared with."
    )
    windows: tuple[Days, ...] = Field(
        default=(1, 7, 28),
        min_length=1,
        description="Lengths in days of the windows that are evaluated; 1 is among them.",
    )
    engine: Annotated[EngineKeys, OneOf(ENGINES, short=True)] = Field(
        default_factory=default_engine,
        description="What reads the rows; `duckdb`, `spark` and `warehouse` alone are short for the mapping. "
        "With `warehouse` the rows of a table stay where they are ([warehouse.md](warehouse.md)).",
    )
    quality: Quality = Field(default_factory=Quality, description="How the contract is judged.")
    explanations: Explanations = Field(default_factory=Explanations, description="SHAP explanations.")
    reports: Reports = Field(default_factory=Reports, description="Evidently reports.")
    ranking: Ranking = Field(
        default_factory=Ranking, description="How the rankings of a `ranking` model are judged."
    )
    multiclass: Multiclass = Field(
        default_factory=Multiclass, description="Of a multiclass model: its classes and how it is judged."
    )
    alerts: Annotated[tuple[Rule, ...], Rules()] = Field(
        default_factory=tuple,
        description="Alert rules. `defaults`, or nothing, stands for the default rules of the metrics that "
        "the monitor has ([metrics.md](metrics.md#default-rules)); `none` or `[]` for no rules. In a list "
        "the word adds them to the others, `[defaults, {name: …}]`; a rule of the same name takes the place "
        "of the default one. `{budget: 1 per year}` gives them a budget of false alarms, the default "
        "rules or others under `rules` ([evidence.md](evidence.md)).",
    )
    objectives: Objectives | None = Field(
        default=None, description="What the service promises: which share of requests is good, and fast."
    )
    costs: Costs | None = Field(default=None, description="What errors of the model cost.")
    effect: Effect | None = Field(
        default=None,
        description="Nights tell what serving the newest version did in the place of the champion, or of "
        "the one before it ([effects.md](effects.md#every-night)); left out: only `obs effect` does.",
    )
    fairness: Fairness = Field(
        default_factory=Fairness, description="Groups of people that a binary classifier is compared for."
    )
    causes: Causes = Field(
        default_factory=Causes,
        description="What is known of causes across components; nights teach the rest "
        "([causes.md](causes.md)).",
    )
    components: Components | None = Field(
        default=None,
        description="Where the spans of requests are; nights then tell what each component of the system "
        "takes: latency, errors, tokens, cost ([components.md](components.md)).",
    )
    federation: Federation | None = Field(
        default=None,
        description="Sites that keep their rows and send counts of them ([federated.md](federated.md)).",
    )
    routes: tuple[Route, ...] = Field(default=(), description="Where notifications go.")
    retention: Retention = Field(
        default_factory=Retention, description="How long what nights write is kept; left out: for ever."
    )
    heartbeat: str = Field(
        default="",
        description="A URL that is called after each night, also after one that failed, so that somebody "
        "else notices if nothing runs any more: `https://hc-ping.com/${NAME}` or a DSN of Sentry "
        "(docs/alerting.md). Secrets come from the environment: write `${NAME}`.",
    )
    upstream: tuple[str, ...] = Field(
        default=(),
        description="Asset keys (`a/b`) of other code locations that the log depends on; that they "
        "failed, changed or did not come may be behind an incident.",
    )

    _path: Path | None = PrivateAttr(default=None)
    _declared: Declared = PrivateAttr(default_factory=lambda: Declared({}))

    @property
    def channels(self) -> tuple[Route, ...]:
        """The routes that have a URL, each URL once."""
        return tuple({route.url: route for _, route in every_route(self.routes) if route.url}.values())

    @property
    def zone(self) -> ZoneInfo:
        """The monitor's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the monitor start from."""
        return self._path.parent if self._path is not None else Path.cwd()

    @property
    def file(self) -> Path | None:
        """The file that the monitor was read from; None if it was not."""
        return self._path

    def model_post_init(self, context: Path | None, /) -> None:
        """Remember the file that the monitor was read from, which validation passes as its context."""
        self._path = context
        self._declared = parted(self.features)
        # what follows from other values; from here on nothing changes
        object.__setattr__(self, "features", dict(self._declared.features))
        if self.labels is not None:
            object.__setattr__(self, "labels", placed(self.logs, self.labels, by_day=self.identity == "day"))
        self._note_content()

    def __setstate__(self, state: dict[Any, Any]) -> None:
        """Come out of a pickle, as monitors do in processes beside the one that read them."""
        super().__setstate__(state)
        self._note_content()

    def _note_content(self) -> None:
        if self._declared.content:
            Monitor.any_content = True

    @property
    def content(self) -> Mapping[str, Feature]:
        """The columns of text, embeddings and images; in their place `features` has what describes them."""
        return self._declared.content

    @property
    def described(self) -> Mapping[str, tuple[str, Descriptor]]:
        """The content column and the descriptor of each feature that describes content."""
        return self._declared.described

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns of the log that the model reads, in the order of the file."""
        return self._declared.inputs

    def resolve_path(self, text: str, **placeholders: object) -> str:
        """Make one of the monitor's paths absolute and fill in its placeholders.

        Args:
            text: the path or glob as the monitor has it; a URL (`s3://…`) stays where it points.
            placeholders: the values of `{day}` (a date, or `*` for every day) and `{version}`.

        Raises:
            SourceError: a placeholder has no value, or one that would lead the path elsewhere.
        """
        return resolve(text, self.folder, placeholders)

    def has(self, path: str) -> bool:
        """Whether the monitor says something under a path of keys, as `logs.columns.status`."""
        found: object = self
        for key in path.split("."):
            found = getattr(found, key, None)
        return found is not None and found != ()

    @property
    def personal(self) -> frozenset[str]:
        """The columns of the log whose values are personal data, by the names that the monitor gives them."""
        features = {**self.features, **self.content}
        marked = {name for name, feature in features.items() if feature.pii} | {*self.logs.pii}
        # an id that is made of a row follows from what is personal in it
        made = {MADE_ID} if marked and self.logs.columns.prediction_id == MADE_ID else set()
        return frozenset(marked | made)

    @property
    def cuts(self) -> tuple[tuple[str, ...], ...]:
        """The ways in which rows are split into segment cells; the first, `()`, is all rows."""
        declared = (cut if isinstance(cut, tuple) else (cut,) for cut in self.segments)
        return ((), *declared)

    @property
    def every_cut(self) -> tuple[tuple[str, ...], ...]:
        """Those of `cuts`, and the site where profiles of sites come together: no row has a column of it."""
        federation = self.federation
        sites = ((federation.dimension,),) if federation and federation.sites else ()
        return (*self.cuts, *sites)

    @property
    def outcome_cuts(self) -> tuple[tuple[str, ...], ...]:
        """The ways in which predictions with labels are split: those of `cuts`, and the groups of people.

        What is only a group has no cell of its own in anything but the comparison of groups. What is held
        apart is no column of the log, and counted in a place of its own.
        """
        apart = self.fairness.cuts_apart
        return tuple(dict.fromkeys([*self.cuts, *(cut for cut in self.fairness.cuts if cut not in apart)]))
