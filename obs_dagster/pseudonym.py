"""Pseudonyms: what stands in the place of a personal value, the same for the same value.

A pseudonym is `pii:` and the first 64 bits of SHA-256 over a key and the value. Without the key nobody can
try out values until one fits, as is easy with a plain hash of e-mail addresses. The key is `OBS_PII_KEY` (or
what the file says that `OBS_PII_KEY_FILE` names); where there is none, a file of the home is made at first
need, for its owner alone.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from obs_dagster.errors import SettingsError
from obs_dagster.lake.quoting import literal
from obs_dagster.secrets import given, remember
from obs_dagster.settings import Settings

VARIABLE = "OBS_PII_KEY"
KEY_FILE = "pii.key"
PREFIX = "pii:"
DIGITS = 16
_SHORTEST = 16
"""Characters that a key has at least: a short one can be found by trying."""


def pseudonym(value: object) -> str:
    """What stands for a value, which is taken as its text.

    Raises:
        SettingsError: the key is too short, or cannot be read or made.
    """
    return f"{PREFIX}{hashlib.sha256((_key() + str(value)).encode()).hexdigest()[:DIGITS]}"


def pseudonym_sql(value: str) -> str:
    """The same in DuckDB's SQL; null stays null.

    Args:
        value: SQL for the value.
    """
    return f"({literal(PREFIX)} || left(sha256({literal(_key())} || CAST({value} AS VARCHAR)), {DIGITS}))"


def pseudonym_key() -> str:
    """The key, for engines that have a SHA-256 of their own; it is hidden from all that is written."""
    return _key()


def given_key() -> str:
    """The key as it is given or kept: under `VARIABLE` it makes the same pseudonyms in another process.

    Raises:
        SettingsError: it is too short, or cannot be read or made.
    """
    _key()
    return (given(VARIABLE, os.environ) or "").strip() or _kept(Settings().root / KEY_FILE)


def _key() -> str:
    return _derived(given(VARIABLE, os.environ) or "", Settings().root / KEY_FILE)


@lru_cache(maxsize=8)
def _derived(said: str, file: Path) -> str:
    """64 hexadecimal digits, which need no quoting, made of the key as it is given or kept."""
    key = said.strip() or _kept(file)
    if len(key) < _SHORTEST:
        raise SettingsError(
            f"The key of pseudonyms ({VARIABLE} or {file}) has fewer than {_SHORTEST} characters.",
            remedy="Give it 32 or more random characters, as from `openssl rand -hex 32`.",
        )
    derived = hashlib.sha256(f"obs-dagster pseudonyms {key}".encode()).hexdigest()
    remember(key, derived)
    return derived


def _kept(file: Path) -> str:
    """The key in a file, which is made if there is none; of several processes that make it, one wins."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as new:
                new.write(f"{secrets.token_hex(32)}\n")
                new.flush()
                os.fsync(new.fileno())
            if not file.exists():
                # a link is made only where there is no file: nobody's key is replaced
                os.link(aside, file)
        except FileExistsError:
            pass
        finally:
            aside.unlink(missing_ok=True)
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The key of pseudonyms {file} cannot be read or made ({error}).",
            remedy=f"Mend the file from a backup, or set {VARIABLE}; with another key, the same values get "
            "other pseudonyms.",
        ) from error
