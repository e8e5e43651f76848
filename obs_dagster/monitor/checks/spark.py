"""Engines: what Spark cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import features, roles
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted


def spark_knows_the_names(document: Document, _: Surroundings) -> Iterator[Problem]:
    """With `engine: spark`, column names have no dot and no backquote, which Spark takes for syntax."""
    if "spark" not in (document.text("engine"), document.text("engine", "kind")):
        return
    named: list[tuple[Keys, str, bool]] = [
        (("features", name), name, True) for name in features(document) or ()
    ]
    named += [(("logs", "columns", role), column, False) for role, column in roles(document, "logs").items()]
    for keys, name, at_key in named:
        if re.search(r"[.`]", name):
            message = f"Spark cannot read a column named {quoted(name)}; rename it."
            yield document.problem(keys, message, at_key=at_key)
