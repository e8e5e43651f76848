"""What docs/reliability.md promises is held by tests that there are."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_is_named_is_there():
    named = set(NAMED.findall((ROOT / "docs" / "reliability.md").read_text("utf-8")))
    assert len(named) > 20
    there = {
        (file, each.name)
        for file in {file for file, _ in named}
        for each in ast.parse((ROOT / file).read_text("utf-8")).body
        if isinstance(each, ast.FunctionDef)
    }
    assert named - there == set()
