"""Where a model's logs and labels come from."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from obs_dagster.monitor.choice import NameOf
from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.csv_dialect import CsvDialect
from obs_dagster.monitor.multiclass import ClassName
from obs_dagster.monitor.source import SOURCES
from obs_dagster.monitor.times import Times

SourceKind = Annotated[str, NameOf(SOURCES)]
Scale = Literal["probability", "percent", "log_odds"]
#: A version of Delta Lake; an id, a tag or a branch of Iceberg.
Snapshot = int | str
_SNAPSHOT = (
    "The state of a table of `delta` (its version) or `iceberg` (a snapshot's id, a tag or a branch) that is "
    "read. Left out: the newest one when the night begins."
)
_AS_OF = "Instead of `snapshot`: a time; the newest state then is read. Without an offset it is UTC."
_OPTIONS = (
    "What else the store of a `delta` table, or the catalog of an `iceberg` table, is told by name, as "
    "`{warehouse: prod, credential: '${CATALOG_CREDENTIAL}'}`. Variables are filled in when it is opened."
)
MADE_ID = "_obs_id"
"""The column of ids that are made of the rows; no column of a log has the name."""
#: A value of a label or of a decision.
ClassValue = str | int | bool
#: The share of true values that a quantile is at or above.
Level = Annotated[float, Field(gt=0, lt=1)]


class LogColumns(Strict):
    """Which column of the log plays which role."""

    prediction_id: str = Field(
        default=MADE_ID,
        description="Identifies one prediction; labels are joined on it. Left out: rows have no id, and get "
        "one that is made of all that they say; rows that say the same are counted apart.",
    )
    time: str = Field(description="When the prediction was made (timestamp; naive values are UTC).")
    version: str = Field(
        default="version",
        description="The version of the model that made the prediction: a column, or a folder such as "
        "`version=3` in the path. Left out: as `logs.version` or `{version}` in `logs.path` says.",
    )
    score: str | None = Field(
        default=None,
        description="What the model puts out as a number: for `binary_classification` the probability of the "
        "positive class, 0 to 1, needed there; for `ranking` and `unlabelled` any number; for `uplift` how "
        "much likelier the treatment makes the positive class, or any number that is higher where it does "
        "more.",
    )
    prediction: str | None = Field(
        default=None,
        description="The decision that was served: true or false, 1 or 0, yes or no, or the values in "
        "`positive` and `negative`; rows with any other value are quarantined. Left out: score at or above "
        "`threshold`. For `regression` the predicted number; needed there.",
    )
    interval: tuple[str, str] | None = Field(
        default=None,
        description="For `regression`: the columns of the lower and the upper end of the predicted "
        "interval, `[low, high]`.",
    )
    quantiles: dict[Level, str] = Field(
        default_factory=dict,
        description="For `regression`: the columns of predicted quantiles by level, such as "
        "`{0.1: q10, 0.9: q90}`.",
    )
    request: str | None = Field(
        default=None,
        description="Of a `ranking` model: the request (query, session, page view) whose items were ranked "
        "together; the rows of one day and version that share it are one ranking.",
    )
    item: str | None = Field(
        default=None, description="Of a `ranking` model: what was ranked (document, product)."
    )
    rank: str | None = Field(
        default=None,
        description="Of a `ranking` model: the position that the item was served on, 1 at the top (see "
        "`ranking.first_position`). Left out: items are in the order of `score`, the highest first.",
    )
    treatment: str | None = Field(
        default=None,
        description="Of an `uplift` model: whether the row was treated: true or false, 1 or 0, yes or no, "
        "or the values in `positive` and `negative` ([effects.md](effects.md#uplift-models)).",
    )
    scores: dict[ClassName, str] | str | None = Field(
        default=None,
        description="Of a multiclass model: the column of each class's probability (`{late: p_late, …}`), or "
        "the one column that holds a list of all, in the order of `multiclass.classes`, or a struct of them, "
        "by name. A row whose scores are outside 0 to 1, or do not sum to 1, breaks the contract.",
    )
    latency_ms: str | None = Field(default=None, description="How long the request took, in milliseconds.")
    status: str | None = Field(
        default=None, description="The outcome of the request; the values in `ok_statuses` are successes."
    )
    trace_id: str | None = Field(default=None, description="The id of the distributed trace of the request.")


#: The roles that tasks have their own say about.
OUTPUT_ROLES = (
    "score",
    "scores",
    "prediction",
    "interval",
    "quantiles",
    "request",
    "item",
    "rank",
    "treatment",
)


class Logs(Strict):
    """The inference log: one row per prediction."""

    model_config = ConfigDict(defer_build=True)

    source: SourceKind = Field(
        description="The format of the files; `delta` or `iceberg` for a table of such files (extras `delta` "
        "and `iceberg`); `ibis` for a table of a warehouse (extra `ibis`)."
    )
    path: str = Field(
        description="Path or glob of one day's files; `{day}` stands for YYYY-MM-DD, `{day:%Y}` and the like "
        "for parts of it, `{version}` for the version of a file's rows, `${NAME}` for an "
        "environment variable. Without the day, or with its month alone, rows go to their day by their time. "
        "Folders such as `region=eu` are columns. "
        "Relative paths start at the monitor file's folder. For `delta` the table's folder; for `iceberg` "
        "that, or the URL of a catalog: `https://…` of a REST catalog, `sqlite:///…` or `postgresql://…` of "
        "an SQL catalog, `catalog://name` of one that pyiceberg is configured for. For `ibis` the URL of the "
        "connection (`postgres://…`, `duckdb:///…`). Variables of URLs are filled in when these are opened."
    )
    table: str | None = Field(
        default=None,
        min_length=1,
        description="The table, with `ibis` or a catalog of `iceberg`: `predictions`, or with its schema "
        "`serving.predictions`.",
    )
    snapshot: Snapshot | None = Field(default=None, description=_SNAPSHOT)
    as_of: dt.datetime | None = Field(default=None, description=_AS_OF)
    options: dict[str, str] = Field(default_factory=dict, description=_OPTIONS)
    columns: LogColumns = Field(description="Which column plays which role.")
    version: str | None = Field(
        default=None,
        min_length=1,
        description="The version of every row, where neither a column nor the path says it.",
    )
    times: Times = Field(default_factory=Times, description="How `time` is written.")
    csv: CsvDialect | None = Field(default=None, description="How `csv` files are written.")
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="Score from which the model's decision is positive."
    )
    scale: Scale = Field(
        default="probability",
        description="How probabilities are written: as such, from 0 to 1; in `percent`, from 0 to 100; or as "
        "`log_odds`, any number. They are probabilities from ingestion on, also in training rows.",
    )
    positive: ClassValue | None = Field(
        default=None,
        description="The value of `prediction` that means the positive class, or of `treatment` that the row "
        "was treated. Left out: as in the labels, or true. Where a false value (`0`, `no`, `false`) "
        "is the positive label, decisions that are written as it is mean what labels mean; any other "
        "spelling (`true` where labels are `0` and `1`) may mean either class and is quarantined "
        "until this says which.",
    )
    negative: ClassValue | tuple[ClassValue, ...] | None = Field(
        default=None,
        description="The value of `prediction` that means the negative class, or a list of such. Left out: "
        "as in the labels, or false.",
    )
    ok_statuses: tuple[str, ...] = Field(
        default=("ok", "200"), min_length=1, description="Values of `status` that are successes."
    )
    day_of: Literal["path", "time"] | None = Field(
        default=None,
        description="What decides on which day a row was predicted: `path`, the `{day}` of its file, so that "
        "rows of another day break the contract; or `time`, so that a day has its rows from the files of the "
        "days before and after, too. Left out: `path`, unless the time zone is not UTC and the rows lie in "
        "the days of UTC that their files name; then it is `time`.",
    )
    pii: tuple[str, ...] = Field(
        default=(),
        description="Columns beside the features with personal data: ids, and what nobody else declares. "
        "Their values stand in the log alone ([security.md](security.md#personal-data)); of features "
        "`pii: true` says the same.",
    )
    in_place: bool = Field(
        default=False,
        description="Read Parquet files where they are instead of copying them into the lake: for files that "
        "are neither rewritten nor removed while labels of their day may come. Rows are copied all the same "
        "if types need conversion, an id occurs twice, or ids are of the whole log (`identity: global`).",
    )

    @property
    def negatives(self) -> tuple[ClassValue, ...]:
        """The values of the negative class that are given."""
        return _listed(self.negative)


class LabelColumns(Strict):
    """Which column of the labels plays which role."""

    prediction_id: str = Field(
        default="",
        description="The prediction that the label belongs to; in the log itself that of the row.",
    )
    keys: tuple[str, ...] | dict[str, str] | None = Field(
        default=None,
        min_length=1,
        description="Instead of `prediction_id`: the columns that say together which predictions a label "
        "belongs to, such as `[customer, date]`. Where the log has them under other names, a mapping of the "
        "labels' columns to the log's: `{client: customer, date: '{day}'}`, with `{day}` for the day of the "
        "prediction.",
    )
    label: str = Field(description="The true value.")
    known_at: str | None = Field(
        default=None, description="When the true value became known; the latest one counts."
    )

    @property
    def in_log(self) -> dict[str, str]:
        """The columns that labels are keyed by, each with its name in the log; empty where that is the id."""
        if isinstance(self.keys, dict):
            return self.keys
        return {name: name for name in self.keys or ()}

    @property
    def named(self) -> tuple[str, ...]:
        """The columns of the labels."""
        key = tuple(self.in_log) or (self.prediction_id,)
        return (*key, self.label, *filter(None, (self.known_at,)))


class Labels(Strict):
    """Ground truth, which arrives later than the prediction."""

    model_config = ConfigDict(defer_build=True)

    source: SourceKind = Field(
        default="",
        description="Left out, with `path`: the label is a column of the log itself, whose files are read "
        "again when they change. Else the format of the files; `delta` or `iceberg` for a table of "
        "such files, or `ibis` for one of a warehouse: the days of `known_at` that have changed are read.",
    )
    path: str = Field(
        default="",
        description="Path or glob of all label files, old and new; files already read are skipped. "
        "`${NAME}` stands for an environment variable. For tables as in `logs`.",
    )
    table: str | None = Field(
        default=None, min_length=1, description="The table, with `ibis` or a catalog of `iceberg`."
    )
    snapshot: Snapshot | None = Field(default=None, description=_SNAPSHOT)
    as_of: dt.datetime | None = Field(default=None, description=_AS_OF)
    options: dict[str, str] = Field(default_factory=dict, description=_OPTIONS)
    columns: LabelColumns = Field(description="Which column plays which role.")
    times: Times = Field(
        default_factory=Times, description="How `known_at` is written; in the log itself as `time`."
    )
    csv: CsvDialect | None = Field(
        default=None, description="How `csv` files are written; in the log itself as the log's."
    )
    positive: ClassValue = Field(
        default=True,
        description="The value of `label` that means the positive class, in any type, case and spelling "
        "(`true`, `1`, `yes`).",
    )
    negative: ClassValue | tuple[ClassValue, ...] | None = Field(
        default=None,
        description="The value of `label` that means the negative class, or a list of such. Left out: the "
        "opposite of `positive` (`false`, `0`, `no`), or of another text the only other value that there is. "
        "Values of neither class are rejected and named.",
    )
    max_delay_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="Days after which a prediction's label is not waited for any longer.",
    )
    immature: Literal["wait", "judge"] = Field(
        default="wait",
        description="Whether rules on metrics that need labels wait until these are complete, as a rule does "
        "with `settled: true`, or judge what the labels that are in say. `judge` is for labels of which a "
        "part is like all of them.",
    )

    @property
    def negatives(self) -> tuple[ClassValue, ...]:
        """The values of the negative class that are given."""
        return _listed(self.negative)


def _listed(values: ClassValue | tuple[ClassValue, ...] | None) -> tuple[ClassValue, ...]:
    if values is None:
        return ()
    return values if isinstance(values, tuple) else (values,)


class Registry(Strict):
    """Where the model versions are registered in MLflow; needed for explanations and model tags."""

    name: str = Field(description="The registered model's name.")
    trust: Literal["native", "pickle"] = Field(
        default="native",
        description="`native` loads files of LightGBM, XGBoost, CatBoost and ONNX, and skops files only; "
        "`pickle` also runs pickled code.",
    )
    own_process: bool | None = Field(
        default=None,
        description="Whether models are loaded and explained in a process of their own, without secrets, "
        "with bounded memory and time ([security.md](security.md#models)). Left out: with `trust: pickle`.",
    )
    seconds: float = Field(
        default=1_800, gt=0, le=86_400, description="How long a day's explanations may take there."
    )
    memory_mb: int = Field(
        default=8_192, ge=512, le=1_048_576, description="Megabytes that the process may have."
    )

    @property
    def apart(self) -> bool:
        """Whether models are loaded in a process of their own."""
        return self.trust == "pickle" if self.own_process is None else self.own_process
