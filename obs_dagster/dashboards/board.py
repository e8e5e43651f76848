"""A dashboard: what it is called, its variables, annotations and panels; and its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from obs_dagster.dashboards.dialect import Dialect
from obs_dagster.dashboards.panel import Panel, Row, history
from obs_dagster.kinds import Kinds, Place

_WIDTH = 24
_SCHEMA = 39
"""The version of Grafana's schema that this is written in: 10.4 reads it, and what is newer migrates it."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What people choose at the top: the answer of a query to the history store.

    Attributes:
        name, label: in queries, and for people.
        query: gives the choices.
        first: what is chosen before anybody has; empty for the first answer.
        several: whether several may be chosen, or all.
    """

    name: str
    label: str
    query: str
    first: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is marked in every chart: a query that gives `time`, perhaps `timeend`, `text` and `tags`."""

    name: str
    query: str
    colour: str


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard.

    Attributes:
        name: of its file, and behind `obs-` its uid.
        title, description: what people read.
        rows: panels under headings.
        variables, annotations: as above.
        days: how far back it shows at first.
    """

    name: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    annotations: Sequence[Annotation] = field(default_factory=tuple)
    days: int = 90


class Boards(Protocol):
    """A file of `boards/`: the dashboards of one subject.

    Attributes:
        name: what tells it from others.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def boards(self, dialect: Dialect) -> Iterator[Board]:
        """Its dashboards, with queries of a dialect."""


BOARDS: Kinds[Boards] = Kinds(
    "dashboard", "obs_dagster.dashboards", [Place("obs_dagster.dashboards.boards", "BOARDS")]
)


def all_boards(dialect: Dialect) -> Iterator[Board]:
    """Every dashboard, ours and third parties'."""
    for each in BOARDS.all().values():
        yield from each.boards(dialect)


def document(board: Board, dialect: Dialect) -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": f"obs-{board.name}",
        "title": board.title,
        "description": board.description,
        "tags": ["obs-dagster"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": "5m",
        "time": {"from": f"now-{board.days}d", "to": "now"},
        "links": [
            {
                "title": "Dashboards",
                "type": "dashboards",
                "tags": ["obs-dagster"],
                "asDropdown": True,
                "keepTime": True,
                "includeVars": True,
            }
        ],
        "templating": {"list": list(_variables(board, dialect))},
        "annotations": {"list": [_annotation(each, dialect) for each in board.annotations]},
        "panels": list(_placed(board)),
    }


def _variables(board: Board, dialect: Dialect) -> Iterator[dict[str, Any]]:
    for name, label, kind in (
        ("prometheus", "Prometheus", "prometheus"),
        ("history", "History", dialect.source),
    ):
        yield {"name": name, "label": label, "type": "datasource", "query": kind, "current": {}, "hide": 0}
    for each in board.variables:
        yield {
            "name": each.name,
            "label": each.label,
            "type": "query",
            "datasource": history(dialect),
            "query": dialect.variable(each.query),
            "refresh": 2,
            "sort": 0,
            "multi": each.several,
            "includeAll": each.several,
            "current": _chosen(each),
            "hide": 0,
        }


def _chosen(variable: Variable) -> dict[str, Any]:
    if variable.several:
        return {"text": ["All"], "value": ["$__all"]}
    return {"text": variable.first, "value": variable.first} if variable.first else {}


def _annotation(each: Annotation, dialect: Dialect) -> dict[str, Any]:
    return {
        "name": each.name,
        "datasource": history(dialect),
        "enable": True,
        "hide": False,
        "iconColor": each.colour,
        **dialect.annotation(each.query),
    }


def _placed(board: Board) -> Iterator[dict[str, Any]]:
    """Panels with places and ids: rows below one another, and in each from left to right, then down."""
    number, y = 0, 0
    for row in board.rows:
        number += 1
        head = {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": row.closed,
            "gridPos": {"x": 0, "y": y, "w": _WIDTH, "h": 1},
            "panels": [],
        }
        y += 1
        placed: list[dict[str, Any]] = []
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > _WIDTH:
                x, y, tallest = 0, y + tallest, 0
            number += 1
            placed.append(_panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height}))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
        if row.closed:
            yield {**head, "panels": placed}
        else:
            yield head
            yield from placed


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    targets = [{"refId": chr(ord("A") + index), **target} for index, target in enumerate(panel.targets)]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "gridPos": place,
        "datasource": targets[0]["datasource"],
        "targets": targets,
        "fieldConfig": {
            "defaults": {**({"unit": panel.unit} if panel.unit else {}), **panel.defaults},
            "overrides": list(panel.overrides),
        },
        "options": dict(panel.options),
        "transformations": list(panel.transformations),
    }
