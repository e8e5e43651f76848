"""Where a log's files are, and where in their paths the day stands."""

from __future__ import annotations

import datetime as dt
import glob
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from obs_dagster.discovery.error import DiscoveryError
from obs_dagster.discovery.path_day import PathDay, path_day
from obs_dagster.monitor import day_form
from obs_dagster.monitor.day_form import Period
from obs_dagster.monitor.placeholders import everywhere
from obs_dagster.monitor.source import SOURCES
from obs_dagster.sources.formats import capture
from obs_dagster.sources.formats.file_format import FileFormat
from obs_dagster.sources.matching import matching_files

MOST_FILES = 20_000
"""How many files are looked for at most."""

_HOLE = re.compile(r"\{day(?::[^{}]*)?\}")
_FOLDER = re.compile(r"([^={}]+)=[^{}]*")
_VERSION = re.compile(r"v[0-9]+(?:[._-]?[0-9a-z]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Files of one format that lie alike.

    Attributes:
        source: their format, as a monitor names it.
        pattern: their path, absolute: `{day}` where the day stands, `*` where they differ otherwise.
        files: in order of their days, each with the day that it names.
        aside: files that lie elsewhere, or are of other formats.
        kept: the format of the files, if these are a sample of a table; empty if they are the log itself.
    """

    source: str
    pattern: str
    files: tuple[tuple[Path, dt.date | None], ...]
    aside: tuple[Path, ...] = ()
    kept: str = ""

    @property
    def format(self) -> str:
        """The format of the files."""
        return self.kept or self.source

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The days that paths name, ascending."""
        return tuple(sorted({day for _, day in self.files if day is not None}))

    @property
    def every(self) -> str:
        """The path of the files of all days."""
        return everywhere(self.pattern)

    @property
    def by_day(self) -> bool:
        """Whether each file has the rows of the one day that it names."""
        return day_form.period(self.pattern) is Period.DAY

    @property
    def folders(self) -> tuple[str, ...]:
        """The columns whose values are in the names of folders, as `region=eu/` has them."""
        found = [_FOLDER.fullmatch(part) for part in Path(self.pattern).parent.parts]
        return tuple(dict.fromkeys(match[1] for match in found if match))

    @property
    def by_version(self) -> str:
        """The pattern with `{version}` where folders are called after versions; empty if none are."""
        if self.kept:
            return ""
        parts = [file.parts for file, _ in self.files]
        for at in reversed(range(len(parts[0]) - 1)):
            named = {each[at] for each in parts if len(each) == len(parts[0])}
            if all(_VERSION.fullmatch(name) for name in named) and len({*map(len, parts)}) == 1:
                split = list(Path(self.pattern).parts)
                return str(Path(*split[:at], "{version}", *split[at + 1 :])) if at < len(split) else ""
        return ""


def layout_of(place: str) -> Layout:
    """How the files of a path lie: of a file alone, of a folder and all in it, or of a pattern.

    Args:
        place: a file, a folder, or a glob in which `{day}` may stand.

    Raises:
        DiscoveryError: there are no files, or none of a known format.
    """
    found = list(islice(_files(place), MOST_FILES))
    if not found:
        raise DiscoveryError(
            f"There are no files at {Path(place).expanduser().absolute()}.",
            remedy="Name a file, a folder of files, or a pattern in quotes ('logs/*/part-*.parquet').",
        )
    kinds = Counter(kind for file in found if (kind := format_of(file)))
    if not kinds:
        raise DiscoveryError(
            f"No file at {place} is of a known format; the first of {len(found):,} is {found[0].name}.",
            remedy=f"Files are known by their endings: {', '.join(_suffixes())}, also with .gz after it.",
        )
    # many a file is called `.log`: it is a capture if there is nothing else
    plain = Counter({kind: number for kind, number in kinds.items() if kind != capture.FORMAT.name})
    kind = (plain or kinds).most_common(1)[0][0]
    files = _alike([(file, path_day(file.parts)) for file in found if format_of(file) == kind])
    pattern = _pattern(sorted({where.shape for _, where in files}))
    by_day = day_form.period(pattern) is Period.DAY
    dated = sorted(((file, where.day if by_day else None) for file, where in files), key=_in_order)
    taken = {file for file, _ in files}
    # what a platform captured is JSON lines or Parquet too
    source = capture.FORMAT.name if capture.capture_in(dated[0][0]) else kind
    return Layout(source, pattern, tuple(dated), tuple(file for file in found if file not in taken))


def format_of(file: Path) -> str | None:
    """The format that a file's name tells; None if it tells none."""
    name = file.name.lower().removesuffix(".gz")
    return next((kind for suffix, kind in _suffixes().items() if name.endswith(suffix)), None)


def _suffixes() -> Mapping[str, str]:
    formats = [each for each in SOURCES.all().values() if isinstance(each, FileFormat)]
    return {suffix: each.name for each in formats for suffix in each.suffixes}


def _files(place: str) -> Iterator[Path]:
    path = Path(place).expanduser().absolute()
    if path.is_file():
        yield path
    elif path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
            yield from (Path(folder, name) for name in sorted(names) if not name.startswith((".", "_")))
    elif glob.has_magic(str(path)) or _HOLE.search(str(path)):
        yield from matching_files(_HOLE.sub("*", str(path)))


def _alike(files: Sequence[tuple[Path, PathDay]]) -> list[tuple[Path, PathDay]]:
    """The most files that one pattern can stand for: of as many parts, with the day in the same ones."""
    families: dict[tuple[object, ...], list[tuple[Path, PathDay]]] = {}
    for file, where in files:
        family = (len(where.shape), tuple(_forms(part) for part in where.shape))
        families.setdefault(family, []).append((file, where))
    return max(families.values(), key=len)


def _in_order(dated: tuple[Path, dt.date | None]) -> tuple[dt.date, Path]:
    return dated[1] or dt.date.min, dated[0]


def _forms(part: str) -> tuple[str, ...]:
    """The placeholders of a part; months with zeros before them and without look alike from October on."""
    return tuple(match[0].replace("%-", "%") for match in _HOLE.finditer(part))


def _pattern(shapes: Sequence[tuple[str, ...]]) -> str:
    """The glob of some shapes of as many parts."""
    return str(Path(*(_common(sorted(set(parts))) for parts in zip(*shapes, strict=True))))


def _common(names: Sequence[str]) -> str:
    """What names have in common at both ends, with `*` between.

    >>> _common(["{day}-a.csv", "{day}-b.csv"]), _common(["m={day:%m}", "m={day:%-m}"]), _common(["x.csv"])
    ('{day}-*.csv', 'm={day:%-m}', 'x.csv')
    """
    if len(names) == 1:
        return names[0]
    pieces = [_HOLE.split(name, maxsplit=1) for name in names]
    holes = [match[0] if (match := _HOLE.search(name)) else "" for name in names]
    # of months without zeros, those from October on look like any
    hole = max(holes, key=lambda each: each.count("%-"))
    if not hole:
        return _ends(names)
    return f"{_ends([each[0] for each in pieces])}{hole}{_ends([each[-1] for each in pieces])}"


def _ends(names: Sequence[str]) -> str:
    if len(set(names)) == 1:
        return names[0]
    begin = _same_beginning(names)
    rest = [name[len(begin) :][::-1] for name in names]
    return f"{begin}*{_same_beginning(rest)[::-1]}"


def _same_beginning(names: Sequence[str]) -> str:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in alike)
