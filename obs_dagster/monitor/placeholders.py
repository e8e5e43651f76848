"""What paths and URLs leave open: `${NAME}` for the environment, `{day}` and `{version}` for a run."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from obs_dagster.errors import ObsError, SourceError
from obs_dagster.monitor import day_form
from obs_dagster.monitor.problem import quoted
from obs_dagster.secrets import given
from obs_dagster.settings import Settings

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_RUN = re.compile(r"(?<!\$)\{(?:day(?::([^{}]*))?|version)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ANY = object()
"""The value of a placeholder that stands for every value."""
_UNSAFE = re.compile(r"[/\\*?\[\]{}\x00-\x1f]")


def variables(text: str) -> tuple[str, ...]:
    """The names of the environment variables in a text, in order, as they are written."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def is_set(name: str, environ: Mapping[str, str]) -> bool:
    """Whether a variable has a value, by itself or in the file that `NAME_FILE` names."""
    return bool(_NAME.fullmatch(name)) and given(name, environ) is not None


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Replace each `${NAME}` by its value.

    Raises:
        ObsError: a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if not is_set(name, environ):
            raise ObsError(
                f"The environment variable {name} is not set.",
                remedy=f"Set {name}, or {name}_FILE to the path of a file that says it, and run again.",
            )
        return given(name, environ) or ""

    return _VARIABLE.sub(value, text)


def mistakes(text: str, allowed: Collection[str], required: Collection[str]) -> Iterator[str]:
    """What is wrong with a path whose variables are expanded, as sentences."""
    if not text or "\0" in text:
        yield "The path is empty or holds a NUL character."
    try:
        Path(text).expanduser()
    except RuntimeError:
        yield "The user whose home folder `~` means is not known."
    for placeholder in dict.fromkeys(_PLACEHOLDER.findall(text)):
        # of the day alone there are forms, as in `{day:%Y}`
        name = "day" if placeholder.startswith("day:") else placeholder
        if name not in allowed:
            legal = ", ".join(f"`{{{other}}}`" for other in allowed) or "none"
            yield f"The placeholder {quoted('{' + name + '}')} is not known here (legal: {legal})."
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        yield "A brace is not closed or not opened."
    for name in required:
        if f"{{{name}}}" not in text:
            yield f"The path needs `{{{name}}}`."
    if "day" in allowed:
        yield from day_form.mistakes(text)


def placeholders(text: str) -> list[tuple[str, str]]:
    """The placeholders of a path in order: name, and form (`%Y` of `{day:%Y}`), empty if it has none."""
    found = (name.partition(":") for name in _PLACEHOLDER.findall(text))
    return [(name, form) for name, _, form in found]


def everywhere(text: str) -> str:
    """The path of a log as a glob of all its files; environment variables stay.

    >>> everywhere("${LOGS}/{day:%Y/%m}/{version}.csv")
    '${LOGS}/*/*/*.csv'
    """
    return _RUN.sub(lambda match: re.sub("[^/]+", "*", match[1] or "") or "*", text)


def marked(text: str, mark: Callable[[int], str]) -> str:
    """The path with a mark in the place of each placeholder, by its number."""
    numbers = itertools.count()
    return _PLACEHOLDER.sub(lambda _: mark(next(numbers)), text)


def fill(text: str, values: Mapping[str, object]) -> str:
    """Replace the placeholders of a path.

    A version comes out of the log, so a value must not change where the path leads: separators, globs and
    braces in it are errors. `ANY` matches whatever stands there, and so does `*` as the day. A day may be
    written in a form of its own (see `day_form`).

    Raises:
        SourceError: a placeholder has no value, or a value cannot be part of a path.
    """

    def value(match: re.Match[str]) -> str:
        name, _, form = match[1].partition(":")
        if name not in values:
            raise SourceError(
                f"The path {quoted(text)} has {{{name}}}, which has no value here.",
                remedy="Use the placeholders that docs/monitor.md names for this path.",
            )
        if values[name] is ANY or (name == "day" and values[name] == "*"):
            return re.sub("[^/]+", "*", form) or "*"
        if name == "day" and form:
            # a form may have separators, which are the monitor's own
            day = values[name]
            return day_form.written(
                day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day)), form
            )
        filling = str(values[name])
        if _UNSAFE.search(filling) or filling in ("", ".", ".."):
            raise SourceError(
                f"The {name} {quoted(filling)} cannot be part of the path {quoted(text)}.",
                remedy="Name it without separators, wildcards and braces.",
            )
        return filling

    return _PLACEHOLDER.sub(value, text)


def resolve(text: str, folder: Path, values: Mapping[str, object]) -> str:
    """The path with its placeholders filled in, absolute as seen from a folder.

    URLs (`s3://…`) are not paths of this machine and stay as they are.

    Raises:
        SourceError: as `fill`.
    """
    if "://" in text:
        return fill(text, values)
    # The home folder is found before a version is filled in, which is data and might begin with `~`.
    return str((folder / fill(str(Path(text).expanduser()), values)).absolute())


def environment(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """The given environment, or that of the process.

    `OBS_HOME` is the absolute home folder of the settings, also where it is not set or relative.
    """
    given = os.environ if environ is None else environ
    home = given.get("OBS_HOME")
    settings = Settings(home=Path(home)) if home else Settings()
    return {**given, "OBS_HOME": str(settings.root)}
