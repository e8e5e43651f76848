"""What lies outside of the file: environment variables, paths and the URLs of channels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.routes import urls
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.paths import paths
from obs_dagster.monitor.placeholders import expand, is_set, mistakes, variables
from obs_dagster.monitor.problem import Keys, Problem, nearest, quoted
from obs_dagster.monitor.source import SECTIONS, has_path, source_in


def variables_are_set(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """Every `${NAME}` in a path or a URL is set in the environment; `OBS_HOME` always is."""
    texts: list[tuple[Keys, str]] = [(path.keys, text) for path, text in paths(document)]
    texts += urls(document)
    texts.append((("heartbeat",), document.text("heartbeat") or ""))
    for section in SECTIONS:
        source, path = source_in(document, section), document.text(section, "path") or ""
        if source is not None and not has_path(source, path):
            texts.append(((section, "path"), path))
        options = document.mapping(section, "options") or {}
        texts += [((section, "options", name), str(text)) for name, text in options.items()]
    for keys, text in texts:
        for name in variables(text):
            if not is_set(name, surroundings.environ):
                problem = f"The environment variable {quoted(name)} is not set."
                if not re.fullmatch(r"[A-Za-z_]\w*", name):
                    problem = (
                        f"{quoted('${' + name + '}')} is not an environment variable; write `${{NAME}}`."
                    )
                yield document.problem(keys, problem, meant=nearest(name, surroundings.environ))


def paths_are_sound(document: Document, surroundings: Surroundings) -> Iterator[Problem]:
    """`logs.path` may have `{day}` and `{version}`, a baseline's `path` needs `{version}`."""
    for path, text in paths(document):
        known = text
        for name in variables(text):
            written = f"${{{name}}}"
            value = expand(written, surroundings.environ) if is_set(name, surroundings.environ) else "unset"
            known = known.replace(written, value)
        for mistake in mistakes(known, path.allowed, path.required):
            yield document.problem(path.keys, mistake)


def routes_are_urls(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A route's `url` has a scheme (`mailto://…`), or is a variable that holds the whole URL."""
    for keys, url in urls(document):
        if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|([a-z-]+\+)?\$\{", url):
            message = "This is not a URL: it has no scheme such as `mailto://`, `slack://` or `log://`."
            yield document.problem(keys, message)
