"""The data of one model: what broke the contract, what is missing, what has moved."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.dashboards.board import Board
from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.metric_panel import metric_panel, unit
from obs_dagster.dashboards.of_model import MODEL, VERSION, WINDOW, marks, variables
from obs_dagster.dashboards.panel import Panel, Row, promql
from obs_dagster.exports.naming import gauge_of
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.registry import definitions


class DataQuality:
    """One dashboard."""

    name = "data_quality"

    def boards(self, dialect: Dialect) -> Iterator[Board]:
        """Every metric of quality, labels and drift."""
        known = definitions().values()
        quality = [each for each in known if each.family in ("quality", "books")]
        labels = [each for each in known if each.family == "performance" and not each.tasks]
        where = [each for each in known if each.family == "labels"]
        drift = [each for each in known if each.family == "drift" and not each.asked_with]
        together = [each for each in known if each.family == "multivariate"]
        yield Board(
            "data-quality",
            "Data of a model",
            "What the log and the labels of a model are like: broken rows, missing values, drift by column.",
            [
                Row("The contract", [metric_panel(each, dialect) for each in quality]),
                Row(
                    "Labels",
                    [
                        *(metric_panel(each, dialect, width=24) for each in labels),
                        *(metric_panel(each, dialect) for each in where),
                    ],
                ),
                Row("Now, by column", [_by_column(definitions()[name]) for name in ("missing_share", "psi")]),
                Row("Drift by column", [metric_panel(each, dialect) for each in drift], closed=True),
                Row(
                    "Several columns at once", [metric_panel(each, dialect) for each in together], closed=True
                ),
            ],
            variables(),
            marks(dialect),
        )


def _by_column(definition: Definition) -> Panel:
    chosen = f'{MODEL}, {VERSION}, segment="*", {WINDOW}'
    query = f"sort_desc({gauge_of(definition).name}{{{chosen}}})"
    return Panel(
        "bargauge",
        f"{definition.title} now",
        [promql(query, "{{version}} {{column}}", instant=True)],
        height=12,
        description=definition.meaning,
        unit=unit(definition),
        defaults={"min": 0},
        options={
            "displayMode": "basic",
            "orientation": "horizontal",
            "reduceOptions": {"calcs": ["lastNotNull"]},
        },
    )


BOARDS = DataQuality()
