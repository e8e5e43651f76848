"""Text files in any encoding, as copies in UTF-8 that last as long as they are read."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_dagster.scratch import scratch
from obs_dagster.sources.formats.compressed import opened
from obs_dagster.sources.formats.part import UnreadableError

_BLOCK = 1 << 20


@contextmanager
def in_utf_8(files: Sequence[Path], encoding: str, most: int | None = None) -> Iterator[Mapping[Path, Path]]:
    """Files that are UTF-8, in order, each with the file that it is a copy of: itself if that is UTF-8.

    Args:
        files: the files.
        encoding: of all of them, as Python names it.
        most: lines that are enough for a look; left out: all.

    Raises:
        UnreadableError: a file is not in the encoding.
    """
    if codecs.lookup(encoding).name == "utf-8":
        yield {file: file for file in files}
        return
    with TemporaryDirectory(prefix="utf-8-", dir=scratch()) as folder:
        copies = {}
        for place, file in enumerate(files):
            copy = Path(folder) / f"{place}.csv"
            _copy(file, encoding, copy, most)
            copies[copy] = file
        yield copies


def _copy(file: Path, encoding: str, copy: Path, most: int | None) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    with opened(file) as source, copy.open("w", encoding="utf-8", newline="") as target:
        while True:
            block = source.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line = lines + error.object[: error.start].count(b"\n") + 1
                byte = error.object[error.start]
                raise UnreadableError(
                    file,
                    f"line {line} is not {encoding} (byte {byte:#04x})",
                    "Name the encoding that the file has in `csv: {encoding: …}`, then run the day again",
                ) from error
            lines += text.count("\n")
            if most is not None and block and "\n" in text:
                # enough for a look, in whole lines
                target.write(text if len(block) < _BLOCK else text[: text.rindex("\n") + 1])
                return
            target.write(text)
            if not block:
                return
