"""Runs `obs` with some distributions alone: every other one is as if it were not installed."""

import importlib.abc
import importlib.metadata
import sys
from pathlib import Path

from packaging.requirements import Requirement


def closure(file):
    """The distributions that a file of requirements asks for, with all that these need."""
    lines = [line.split("#")[0].strip() for line in Path(file).read_text().splitlines()]
    waiting = [Requirement(line) for line in lines if line]
    found = set()
    while waiting:
        asked = waiting.pop()
        name, extras = asked.name.lower().replace("_", "-"), asked.extras or {""}
        if (name, *sorted(extras)) in found:
            continue
        found.add((name, *sorted(extras)))
        for text in importlib.metadata.requires(name) or ():
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(need)
    return {name for name, *_ in found}


class Others(importlib.abc.MetaPathFinder):
    """Finds nothing of distributions that are not among some."""

    def __init__(self, there):
        of = importlib.metadata.packages_distributions()
        names = {
            module: {each.lower().replace("_", "-") for each in each_of} for module, each_of in of.items()
        }
        ours = {"obs-dagster"}
        self.gone = {module for module, each_of in names.items() if not each_of & (there | ours)}

    def find_spec(self, name, path=None, target=None):
        del path, target
        if name.partition(".")[0] in self.gone:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    there = closure(sys.argv[1])
    # what this program itself has imported is seen by nobody else
    sys.meta_path.insert(0, Others(there | {"packaging"}))
    from jobs.cli.app import app

    app(sys.argv[2:])
