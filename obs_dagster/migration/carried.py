"""What of a configuration is carried over into a monitor, and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Carried:
    """A monitor to be, as far as a configuration says.

    Attributes:
        tool: whose configuration it is.
        task: what kind of model; empty if it does not say.
        roles: columns of the log by role.
        label: the column of the truth; empty if it does not say.
        features: their types.
        logs, labels, reference: paths; empty if it does not say.
        windows: lengths in days.
        rules: as monitors have them.
        lost: what was not carried over, and why.
    """

    tool: str
    task: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    label: str = ""
    features: dict[str, str] = field(default_factory=dict)
    logs: str = ""
    labels: str = ""
    reference: str = ""
    windows: list[int] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def add(self, columns: Iterable[str], kind: str) -> None:
        """Features of a type, but for those that are known."""
        for column in columns:
            if column not in (*self.roles.values(), self.label):
                self.features.setdefault(column, kind)

    def watch(self, metric: str, threshold: Mapping[str, object], **more: object) -> None:
        """A rule, with a name of its own."""
        name = metric.replace(".", "_")
        taken = sum(rule["name"].startswith(name) for rule in self.rules)
        rule = {"name": f"{name}_{taken + 1}" if taken else name, "metric": metric, **threshold, **more}
        self.rules.append({key: value for key, value in rule.items() if value not in (None, [])})

    def lose(self, what: str) -> None:
        """Say once what was not carried over."""
        if what not in self.lost:
            self.lost.append(what)
