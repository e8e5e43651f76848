"""What two versions were trained with, and what of it differs, from the runs that MLflow has of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from obs_dagster.figures import MINUS
from obs_dagster.reports.mlflow.listed import markdown
from obs_dagster.reports.mlflow.version_report import VersionReport
from obs_dagster.tasks.sections import Listing
from obs_dagster.verdict.wording import UNKNOWN

VERSIONS = "versions.md"
"""The artifact that says how a version does beside another one, and what they were trained with."""

NONE = "none"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Trained:
    """What a version was trained with.

    Attributes:
        params: the parameters of the run that trained it.
        data: the data sets that the run read, by name and context: their digests.
        metrics: what the run logged of the model last, by name.
        search: the run that it is a child of, as trials of a search or of AutoML are, and how many children
            that has; empty if it is of none.
        reason: why that is not known; empty if it is.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    search: str = ""
    reason: str = ""


def with_training(report: VersionReport, trained: Callable[[str], Trained]) -> VersionReport:
    """The report with what the two versions that it compares were trained with, beside the comparison.

    Args:
        report: the report of a night.
        trained: what MLflow has of a version.
    """
    artifacts = report.artifacts or {}
    held = artifacts.get(VERSIONS)
    if report.compared is None or not isinstance(held, str):
        return report
    told = markdown([training_section({each: trained(each) for each in report.compared})])
    return replace(report, artifacts={**artifacts, VERSIONS: f"{held}\n\n{told}\n"})


def training_section(versions: Mapping[str, Trained]) -> Listing:
    """The search, parameters, training data and metrics of training in which two versions differ.

    Args:
        versions: the two, each with what it was trained with.
    """
    (first, one), (second, other) = versions.items()
    unknown = [
        f"What version {version} was trained with is not known: {of.reason}."
        for version, of in ((first, one), (second, other))
        if of.reason
    ]
    rows = (
        []
        if unknown
        else [
            *([("search", one.search or NONE, other.search or NONE)] if one.search != other.search else []),
            *_differing("parameter", one.params, other.params),
            *_differing("training data", one.data, other.data),
            *_differing("metric of training", *(_written(each.metrics) for each in (one, other))),
        ]
    )
    lacking = [] if unknown or one.data or other.data else ["Neither run says what data it read."]
    return Listing(
        title=f"What versions {first} and {second} were trained with",
        headings=("What differs", f"Version {first}", f"Version {second}"),
        rows=rows,
        note=" ".join([*unknown, *lacking]),
        empty="" if unknown else "Nothing differs that their runs in MLflow name.",
    )


def _written(metrics: Mapping[str, float]) -> dict[str, str]:
    return {name: f"{value:.6g}".replace("-", MINUS) for name, value in metrics.items()}


def _differing(kind: str, one: Mapping[str, str], other: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [
        (f"{kind} {name}", _short(one.get(name)), _short(other.get(name)))
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    ]


def _short(text: str | None) -> str:
    if text is None:
        return UNKNOWN
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
