"""Writes the dashboards: `python -m obs_dagster.dashboards [FOLDER]`, else `deploy/grafana/dashboards`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from obs_dagster.dashboards.board import all_boards, document
from obs_dagster.dashboards.dialect import DIALECTS


def files() -> dict[str, str]:
    """The text of every file, by its path in the folder."""
    return {
        f"{dialect.name}/{board.name}.json": json.dumps(
            document(board, dialect), indent=1, ensure_ascii=False
        )
        + "\n"
        for dialect in DIALECTS
        for board in all_boards(dialect)
    }


def write(folder: Path) -> None:
    """Write all of them, and remove those that there are no more."""
    texts = files()
    for place, text in texts.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    for old in folder.rglob("*.json"):
        if old.relative_to(folder).as_posix() not in texts:
            old.unlink()


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "deploy/grafana/dashboards"))
