"""Monitors again and again, under other names."""

from __future__ import annotations

import re
from pathlib import Path

from bench.clock import run

_MODEL = re.compile(r'^(\s*"?model"?: )[^,\n]*', re.MULTILINE)


def write_copies(folder: str, number: int, source: str) -> None:
    """Write monitors, each of the originals in turn.

    Args:
        folder: for the files; if it is that of the originals, these go.
        number: how many.
        source: the folder of the originals.
    """
    place, files = Path(folder), sorted(Path(source).glob("*.yaml"))
    texts = {file.stem: file.read_text(encoding="utf-8") for file in files}
    place.mkdir(parents=True, exist_ok=True)
    for file in place.glob("*.yaml"):
        file.unlink()
    for index in range(number):
        name = list(texts)[index % len(texts)]
        model = f"{name}_{index:03d}"
        text = _MODEL.sub(rf'\g<1>"{model}"', texts[name], count=1)
        (place / f"{model}.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    run(write_copies)
