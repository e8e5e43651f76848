"""The documentation site has a place for every document, and documents link to what is there."""

import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hooks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.delitem(sys.modules, "mkdocs_hooks", raising=False)
    import mkdocs_hooks

    return mkdocs_hooks


def _places(entry):
    if isinstance(entry, str):
        return [entry]
    return [
        place for each in (entry.values() if isinstance(entry, dict) else entry) for place in _places(each)
    ]


def test_every_document_is_in_the_navigation_once_and_nothing_else(hooks):
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    assert sorted(_places(navigation)) == sorted(hooks.documents().values())


@pytest.mark.parametrize(
    ("path", "target", "place", "shown"),
    [
        ("README.md", "docs/logs.md", "logs.md", set()),
        ("README.md", "docs/notebooks/what_happened.ipynb", "notebooks/what_happened.md", set()),
        ("README.md", "docs/images/fleet.png", "images/fleet.png", set()),
        ("docs/logs.md", "../CONTRIBUTING.md", "contributing.md", set()),
        ("docs/logs.md", "../deploy", "repository/deploy.md", {"deploy"}),
        ("docs/notebooks/what_happened.ipynb", "../python.md", "../python.md", set()),
        ("docs/logs.md", "nowhere.md", "nowhere.md", set()),
    ],
)
def test_a_link_of_the_repository_leads_to_its_page_of_the_site(hooks, path, target, place, shown):
    found = set()
    assert hooks._link(target, path, found) == place
    assert found == shown
