"""URLs with secrets in them: what may be shown of one, and how the secrets are filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from obs_dagster.monitor.placeholders import environment, expand, variables
from obs_dagster.secrets import given, remember

# Of Apprise's many schemes, those whose host is a host. Elsewhere a token stands in its place
# (`slack://TOKEN/…`, `pagerduty://KEY@…`), which must not be shown. What has a plus is an address.
_SHOW_HOST = frozenset(
    {"form", "forms", "http", "https", "json", "jsons", "mailto", "mailtos", "xml", "xmls"}
)


def label_of(url: str) -> str:
    """Scheme and host, for logs and pages: never credentials.

    >>> label_of("mailto://night:${PASSWORD}@smtp.example.com?to=team@example.com")
    'mailto://smtp.example.com'
    >>> label_of("teams+https://hooks.example.com/abc?sig=secret")
    'teams+https://hooks.example.com'
    >>> label_of("slack://TokenA/TokenB/TokenC")
    'slack://…'
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.startswith("$"):
        # A variable's name is no secret; anything else might be.
        return url if re.fullmatch(r"([a-z-]+\+)?\$\{\w+\}", url) else "…"
    if scheme == "log":
        return "log://"
    authority, _, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    # An `@` in the path belongs to a password with a slash in it.
    if (scheme.lower() not in _SHOW_HOST and "+" not in scheme) or "@" in path:
        return f"{scheme}://…"
    host = authority.rpartition("@")[2]
    address = re.match(r"\[[0-9a-fA-F:.]+\]|[\w.-]+", host)
    return f"{scheme}://{address[0] if address else '…'}"


def resolved(url: str, environ: Mapping[str, str] | None = None) -> str:
    """The URL with its secrets filled in, which are hidden from now on.

    Args:
        url: the URL as the monitor file has it.
        environ: the environment variables; left out: the process's.

    Raises:
        ObsError: a variable is not set.
    """
    known = environment(environ)
    secret = [given(name, known) or "" for name in variables(url) if name != "OBS_HOME"]
    full = expand(url, known)
    remember(*filter(None, secret), full)
    return full
