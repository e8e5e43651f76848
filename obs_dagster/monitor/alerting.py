"""Alert rules, and who hears of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema

from obs_dagster.monitor.choice import Written
from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.escalation import Escalation, Severity
from obs_dagster.monitor.placeholders import environment, expand, variables
from obs_dagster.monitor.threshold import Threshold
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.secrets import remember

# Of Apprise's many schemes, those whose host is a host. Elsewhere a token stands in its place
# (`slack://TOKEN/…`, `pagerduty://KEY@…`), which must not be shown.
_SHOW_HOST = frozenset(
    {"form", "forms", "http", "https", "json", "jsons", "mailto", "mailtos", "xml", "xmls"}
)


class Rule(Strict):
    """Watches one metric; each subject (version, segment, column) it matches has its own alert.

    Exactly one of `above` and `below` is given. By default a night counts as a breach only if the
    metric's whole confidence interval lies beyond the threshold.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Names the rule in alerts and checks.")
    metric: str = Field(description="The metric that is watched; docs/metrics.md lists them.")
    window: int = Field(default=1, ge=1, description="Length of the window in days; one of `windows`.")
    above: float | str | None = Field(
        default=None,
        description="A breach is a value above this: a number; a part of what the metric is on the "
        "baseline (`120 % of baseline`), which is judged only if that is above 0 and of `min_rows` rows; of "
        "what it usually is (`150 % of usual`): the median of its values on the same weekday of the four "
        "weeks before, of at least two of them; of what it is for another version on the same night "
        "(`110 % of version 1`), or was for the same one (`150 % of 7 days ago`). Or a band around what is "
        "usual (`usual + 4 spreads`), of as many robust standard deviations as nights lie apart, of at "
        "least 14 nights of the eight weeks before.",
    )
    below: float | str | None = Field(
        default=None,
        description="A breach is a value below this; written like `above`.",
    )
    for_nights: int = Field(
        default=1, ge=1, le=90, alias="for", description="Nights in a row that must breach before it fires."
    )
    keep_firing_for: int = Field(
        default=0,
        ge=0,
        le=90,
        description="Good nights in a row for which it still fires, before it ends: so that what comes and "
        "goes is one alert.",
    )
    min_rows: int = Field(default=100, ge=1, description="Fewer rows behind the value: not judged.")
    confident: bool = Field(
        default=True, description="Count a breach only if the 95 % interval clears the threshold."
    )
    full_window: bool = Field(
        default=False,
        description="Judge a window only once it is full: not on the first nights of a version, whose "
        "windows of a week lack some of its days.",
    )
    settled: bool = Field(
        default=False,
        description="Of metrics that need labels, judge only days whose labels are waited for no longer "
        "(`labels.max_delay_days`).",
    )
    columns: tuple[str, ...] | None = Field(
        default=None,
        description="Columns that are watched, by name or pattern (`dep_*`); left out: every column that has "
        "the metric.",
    )
    classes: tuple[str, ...] | None = Field(
        default=None,
        description="Classes that are watched, for metrics of a class, by name or pattern; left out: every "
        "class.",
    )
    segments: tuple[str, ...] = Field(
        default=(WHOLE,),
        min_length=1,
        description="Segment cells that are watched: `*` is all rows, `origin` every value of that segment "
        "column, `origin=JFK` one value; `origin,carrier` every cell of a crossing, `origin=JFK,carrier=AA` "
        "one. In a value, `%25`, `%2C` and `%3D` stand for `%`, `,` and `=`, and `*` for anything: "
        "`origin=J*`.",
    )
    versions: tuple[str, ...] | None = Field(
        default=None, description="Versions that are watched, by name or pattern (`2.*`); left out: all."
    )
    severity: Severity = Field(default="warning", description="How bad it is.")
    escalate: tuple[Escalation, ...] = Field(
        default=(), description="When it is graver; people hear of it again then."
    )
    owner: str | None = Field(default=None, description="Who acts; left out: the monitor's owner.")
    summary: str = Field(default="", description="What it means and what to do first; shown in the alert.")
    runbook: str = Field(
        default="", description="Where it stands what to do, an address or a file; shown in the alert."
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description="Words of your own, by which routes and silences find its alerts."
    )

    def watches_version(self, version: str) -> bool:
        """Whether it watches a version; one that others are held against is not watched itself."""
        return version != self.threshold.version and _named(self.versions, version)

    def watches_column(self, column: str) -> bool:
        """Whether it watches a column, or a class, if the metric is about such."""
        return _named(self.columns, column) and _named(self.classes, column)

    @property
    def direction(self) -> Literal["above", "below"]:
        """The side of the threshold that is wrong."""
        return "below" if self.above is None else "above"

    @property
    def threshold(self) -> Threshold:
        """What values are held against.

        Raises:
            ValueError: there is none, or it is written in no known way.
        """
        written = self.below if self.above is None else self.above
        if written is None:
            raise ValueError(f"the rule {self.name!r} has no threshold")
        return Threshold.of_written(written)

    @property
    def condition(self) -> str:
        """When it fires, in a few words.

        >>> Rule(name="a", metric="recall", window=7, below="75 % of baseline", **{"for": 2}).condition
        'recall over 7 days below 75 % of the baseline, 2 nights in a row'
        """
        held = self.threshold
        window = f" over {self.window} days" if self.window > 1 else ""
        nights = f", {self.for_nights} nights in a row" if self.for_nights > 1 else ""
        limit = held.origin or f"{held.number:g}"
        return f"{self.metric}{window} {self.direction} {limit}{nights}"


def _named(patterns: tuple[str, ...] | None, name: str) -> bool:
    """Whether one of the names or patterns is meant; without any, everything is."""
    return patterns is None or name in patterns or any(fnmatchcase(name, each) for each in patterns)


DEFAULTS: Literal["defaults"] = "defaults"
"""The word that stands for the default rules of the monitor's metrics."""


class Rules(Written):
    """Marks the key of a monitor's rules: a list of them, or a word.

    The typed model has the monitor's own rules only. What `defaults` stands for is added by who knows the
    metrics, when the file is read.
    """

    @property
    def annotation(self) -> Any:
        """The type of the key's value."""
        return Literal["defaults", "none"] | tuple[Literal["defaults"] | Rule, ...]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(Annotated[self.annotation, AfterValidator(_own)])


def _own(written: str | tuple[str | Rule, ...]) -> tuple[Rule, ...]:
    return tuple(each for each in written if isinstance(each, Rule))


def wants_defaults(written: Any) -> bool:
    """Whether the default rules are asked for: by the word, in a list of rules too, or by silence.

    >>> wants_defaults(None), wants_defaults("defaults"), wants_defaults(["defaults", {}]), wants_defaults([])
    (True, True, True, False)
    """
    return written is None or written == DEFAULTS or (isinstance(written, list) and DEFAULTS in written)


class Route(Strict):
    """Sends alert notifications of some severities to one channel."""

    url: str = Field(
        description="An Apprise URL (`mailto://…`, `slack://…`, `json://…`) or `log://`. Secrets come from "
        "the environment: write `${NAME}`."
    )
    severities: tuple[Severity, ...] = Field(
        default=("info", "warning", "critical"), min_length=1, description="Severities that are sent."
    )

    @property
    def label(self) -> str:
        """Scheme and host, for logs and pages: never credentials.

        >>> Route(url="mailto://night:${PASSWORD}@smtp.example.com?to=team@example.com").label
        'mailto://smtp.example.com'
        >>> Route(url="slack://TokenA/TokenB/TokenC").label
        'slack://…'
        """
        scheme, separator, rest = self.url.partition("://")
        if not separator or scheme.startswith("$"):
            # A variable's name is no secret; anything else might be.
            return self.url if re.fullmatch(r"\$\{\w+\}", self.url) else "…"
        if scheme == "log":
            return "log://"
        authority, _, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
        # An `@` in the path belongs to a password with a slash in it.
        if scheme.lower() not in _SHOW_HOST or "@" in path:
            return f"{scheme}://…"
        host = authority.rpartition("@")[2]
        address = re.match(r"\[[0-9a-fA-F:.]+\]|[\w.-]+", host)
        return f"{scheme}://{address[0] if address else '…'}"

    def resolve(self, environ: Mapping[str, str] | None = None) -> str:
        """The URL with its secrets filled in; pass it on to the channel, keep it nowhere.

        Args:
            environ: the environment variables; left out: the process's.

        Raises:
            ObsError: a variable is not set.
        """
        given = environment(environ)
        secret = [given[name] for name in variables(self.url) if name in given and name != "OBS_HOME"]
        url = expand(self.url, given)
        remember(*secret, url)
        return url
