"""All that a world's nights have come to, without what differs between two runs: ids, moments, processes."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

import pyarrow.parquet as pq
from sqlalchemy import select

from obs_dagster.history import History
from obs_dagster.history.alert_tables import ALERT_EVENTS, ALERTS, DELIVERIES, INCIDENTS, OUTBOX
from obs_dagster.history.tables import METRIC_HISTORY, METRICS, NIGHTS, VERDICTS
from obs_dagster.sources.labels import HOLDING
from tests.faults.processes import temporary_of
from tests.faults.world import World

_PASSING = {"id", "run_id"}
_MOMENT = re.compile("(.*_)?at$")
_TABLES = (METRICS, METRIC_HISTORY, NIGHTS, VERDICTS, ALERTS, ALERT_EVENTS, INCIDENTS, OUTBOX)


def end_state(world: World) -> dict[str, Any]:
    """What there is, by place; equal states are equal to the last digit."""
    found = {**_history(world), **_lake(world)}
    if not world.mlflow:
        found |= _mlflow(world)
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The places that differ, each with the first thing that does."""
    return [
        f"{place}: {_first(one.get(place), other.get(place))}"
        for place in sorted(one.keys() | other.keys())
        if one.get(place) != other.get(place)
    ]


STAYS = (".alive", ".publishing")
"""What is held while a process lives, or publishes; these stay."""


def leftovers(world: World) -> list[str]:
    """Files that a killed process has left and nobody has removed."""
    hidden = [
        path
        for path in world.lake.root.rglob("*")
        if path.name not in STAYS and any(part.startswith(".") for part in path.relative_to(world.root).parts)
    ]
    return sorted(map(str, [*hidden, *temporary_of(world.root).glob("*")]))


def _first(one: Any, other: Any) -> str:
    if isinstance(one, list) and isinstance(other, list):
        only, missing = Counter(one) - Counter(other), Counter(other) - Counter(one)
        return f"{len(one)} against {len(other)}; only {list(only)[:1]}, lacks {list(missing)[:1]}"[:1500]
    return f"{one!r} against {other!r}"[:600]


def _history(world: World) -> dict[str, list[str]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    with History.open(world.history_url) as history, history.reading() as connection:
        for table in _TABLES:
            rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        keys = {row["id"]: row["key"] for row in rows["outbox"]}
        sent = connection.execute(
            select(DELIVERIES.c.outbox_id, DELIVERIES.c.label, DELIVERIES.c.delivered_at)
        ).all()
        rows["deliveries"] = [
            {"key": keys[number], "label": label, "delivered": at is not None} for number, label, at in sent
        ]
    # alerts and incidents have ids by chance: each is called by what it is about
    names = {row["id"]: f"alert {row['rule']} {row['version']} {row['since']}" for row in rows["alerts"]}
    incidents = sorted(
        {
            (str(sorted(names[a["id"]] for a in rows["alerts"] if a["incident_id"] == row["id"])), row["id"])
            for row in rows["incidents"]
        }
    )
    names |= {id_: f"incident {number}" for number, (_, id_) in enumerate(incidents)}
    called = re.compile("|".join(map(re.escape, sorted(names)))) if names else None

    def text(row: dict[str, Any]) -> str:
        shown = {
            name: value is not None if _MOMENT.fullmatch(name) else value
            for name, value in row.items()
            if name not in _PASSING
        }
        written = json.dumps(shown, sort_keys=True, default=str)
        return called.sub(lambda match: names[match[0]], written) if called else written

    found = {f"history {table}": sorted(map(text, those)) for table, those in rows.items()}
    lines = world.taken.read_text().splitlines() if world.taken.exists() else []
    taken = sorted({called.sub(lambda match: names[match[0]], line) if called else line for line in lines})
    return found | {"taken": taken}


def taken_twice(world: World) -> int:
    """How many notifications a channel got again."""
    lines = world.taken.read_text().splitlines() if world.taken.exists() else []
    return len(lines) - len(set(lines))


def _lake(world: World) -> dict[str, Any]:
    root = world.lake.root
    found = {}
    for path in sorted(root.rglob("*")):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(root).parts):
            continue
        place = f"lake {path.relative_to(root)}"
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            if path.name == HOLDING and not table.num_rows:
                # no label waits, as where there is no such file
                continue
            manifest = (table.schema.metadata or {}).get(b"obs_manifest", b"{}")
            found[place] = [
                _plain(json.loads(manifest), ("at", "validated_at")),
                *sorted(map(str, table.to_pylist())),
            ]
        elif path.suffix == ".json":
            # of files of the lake itself it keeps when they were written
            passing = ("at", "stamp") if path.name == "files_read.json" else ("at",)
            found[place] = _plain(json.loads(path.read_text()), passing)
        else:
            found[place] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _plain(document: Any, passing: tuple[str, ...] = ("at",)) -> str:
    """JSON without the moments at which it was made."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: kept(each) for name, each in value.items() if name not in passing}
        return [kept(each) for each in value] if isinstance(value, list) else value

    return json.dumps(kept(document), sort_keys=True)


def _mlflow(world: World) -> dict[str, Any]:
    file = world.root / "mlflow.db"
    if not file.exists():
        return {}
    with closing(sqlite3.connect(f"file:{file}?mode=rw", uri=True)) as connection:

        def ask(query: str) -> list[tuple]:
            return connection.execute(query).fetchall()

        active = "(SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active')"
        tags: dict[str, dict[str, str]] = {}
        for run, key, value in ask(f"SELECT run_uuid, key, value FROM tags WHERE run_uuid IN {active}"):
            tags.setdefault(run, {})[key] = value
        names = {
            run: f"{kept.get('obs.kind')} {kept.get('obs.version')} {kept.get('obs.day', '')}"
            for run, kept in tags.items()
        }
        found: dict[str, Any] = {"mlflow runs": sorted(names.values())}
        found["mlflow params"] = sorted(
            f"{names[run]} {key}={value}"
            for run, key, value in ask(f"SELECT run_uuid, key, value FROM params WHERE run_uuid IN {active}")
        )
        points = ask(f"SELECT run_uuid, key, step, value, is_nan FROM metrics WHERE run_uuid IN {active}")
        found["mlflow metrics"] = sorted({f"{names[run]} {rest}" for run, *rest in points})
        found["mlflow statuses"] = sorted(
            f"{names[run]} {name} {status}"
            for run, name, status in ask(
                f"SELECT run_uuid, name, status FROM runs WHERE run_uuid IN {active}"
            )
        )
    artifacts = []
    for run, name in names.items():
        complete = json.loads(tags[run].get("mlflow.obs.state", "{}")).get("complete")
        artifacts.append(f"{name} complete={complete}")
        for folder in world.root.glob(f"mlartifacts/**/{run}/artifacts"):
            artifacts += [
                f"{name} {path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()
            ]
    return found | {"mlflow artifacts": sorted(artifacts)}
