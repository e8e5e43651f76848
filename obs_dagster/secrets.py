"""What must not be shown: the secrets of this process's configuration, taken out of any text that leaves it.

Errors of other libraries quote URLs with what is in them. They become text in few places, and each passes it
through here: the message of every `ObsError`, the stages, the log, the outbox and the command line.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "***"

_SHORTEST = 4
"""Shorter texts are no secrets, and taking them out would make any text unreadable."""

_BY_NAME = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|PGPASSWORD|SECRETS?|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)(?:_(?!FILE|PATH|DIR).*)?",
    re.IGNORECASE,
)
_NO_SECRETS = frozenset({"true", "false", "none", "null"})
_WORD = 8
"""Up to this length a secret that might be a word is taken out only where it stands by itself."""

_URL = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://([^\s/?#]*(?:/[^\s@]*)?)@", re.DOTALL)
_USERINFO = re.compile(r"(\b[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@'\"<>]+@")
_QUERY = re.compile(
    r"([?&;](?:password|passwd|token|secret|api_?key|access_token)=)[^&\s'\"]+", re.IGNORECASE
)

_remembered: set[str] = set()

_FILE = "_FILE"
_LONGEST = 65_536
"""Bytes of a file that can be a secret; a longer one is something else."""


def given(name: str, environ: Mapping[str, str]) -> str | None:
    """The value of a variable, or what the file says that `NAME_FILE` names, as orchestrators mount secrets.

    What the file says, without blanks around it, is hidden from now on. None if neither is set, or the file
    cannot be read: then the variable is missing, and whoever needs it says so.
    """
    if name in environ:
        return environ[name]
    file = environ.get(f"{name}{_FILE}", "").strip()
    if not file:
        return None
    try:
        path = Path(file)
        if path.stat().st_size > _LONGEST:
            return None
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    remember(value)
    return value


def remember(*secrets: str) -> None:
    """Hide these texts from now on; URLs hide what stands before their host."""
    for secret in secrets:
        _remembered.update(_within(secret) if "://" in secret else [secret])
    _forms.cache_clear()


def scrub(text: str) -> str:
    """The text with every secret that the process knows replaced, and with user and password of any URL.

    >>> scrub("no answer from https://night:hunter2@mlflow.example/api")
    'no answer from https://***@mlflow.example/api'
    """
    for secret in _forms(_environ()):
        if secret not in text:
            continue
        if len(secret) <= _WORD and secret.isalpha():
            text = re.sub(rf"(?<![^\W_]){secret}(?![^\W_])", HIDDEN, text)
        else:
            text = text.replace(secret, HIDDEN)
    if "://" in text:
        text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    return _QUERY.sub(rf"\1{HIDDEN}", text)


class Hidden(Exception):  # noqa: N818 - it stands for one
    """What an exception and its causes said, without the secrets in it."""


def without_secrets(error: BaseException) -> None:
    """Replace the causes of an exception by what they say, where it holds a secret.

    Whoever keeps an exception, as Dagster's event log does, keeps all of its causes.
    """
    chain = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if chain is None:
        return
    whole = "".join(traceback.format_exception(chain))
    shown = scrub(whole)
    if shown != whole:
        # the message alone, on the trace of the original: source lines hold no values
        error.__cause__ = Hidden(shown.strip()).with_traceback(chain.__traceback__)
        error.__context__ = None


def _environ() -> tuple[tuple[object, object], ...]:
    """What changes with the environment: the variables as the system has them.

    Decoding 35 of them takes 90 µs, and every line of the log would pay for it.
    """
    return tuple(getattr(os.environ, "_data", os.environ).items())


@lru_cache(maxsize=4)
def _forms(environ: tuple[tuple[object, object], ...]) -> tuple[str, ...]:  # noqa: ARG001  when it changes
    """All forms in which secrets may stand in a text, the longest first."""
    found: set[str] = set(_remembered)
    for name, value in os.environ.items():
        if _BY_NAME.fullmatch(name) and value.lower() not in _NO_SECRETS:
            found.add(value)
        found.update(_within(value))
    return tuple(sorted(_written(found), key=len, reverse=True))


def _within(url: str) -> Iterator[str]:
    """The password of a URL, also one with an unencoded `@` or slash in it; of a page's a token as well."""
    match = _URL.match(url)
    if match:
        user, colon, password = match[1].partition(":")
        if colon:
            yield password
        elif url.startswith("http"):
            yield user


def _written(secrets: Iterable[str]) -> set[str]:
    forms: set[str] = set()
    for secret in secrets:
        plain = unquote(secret)
        every = {secret, plain, quote(plain, safe=""), quote_plus(plain), repr(plain)[1:-1]}
        forms.update(form for form in every if len(form) >= _SHORTEST)
    return forms
