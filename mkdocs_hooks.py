"""The documentation site, from the documents as they are in the repository.

Documents link to each other, and to files outside docs/, as the repository has them: the links work where the
repository is read. For the site, files of the root become pages, notebooks too, and what else is linked is
shown on a page of its own.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # without the extra `docs` tests still read the places of pages
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).parent
_OF_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# the target of [text](target), of [text](target#anchor), and of <img src="target">; not of an address
_TARGET = re.compile(r'(?<=\]\()[^)\s#:]+(?=[)#])|(?<=src=")[^"\s:]+(?=")')
# a block of code that says which file it is, as documents write it: ```csv logs/2024-03-04.csv
_FILE_BLOCK = re.compile(r"^( *```\w+) (\S+)$", re.MULTILINE)
_LANGUAGES = {".yaml": "yaml", ".yml": "yaml", ".sql": "sql", ".py": "python"}


def documents() -> dict[str, str]:
    """Every document of the repository with the place of its page in the site."""
    found = (file for file in (ROOT / "docs").rglob("*") if file.suffix in {".md", ".ipynb"})
    every = [file.relative_to(ROOT).as_posix() for file in found]
    return {path: _place(path) for path in [*_OF_ROOT, *sorted(every)]}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give MkDocs every document at its place, its links with it, and a page for each file that is linked."""
    from mkdocs.structure.files import File

    def put(place: str, content: str) -> None:
        if (there := files.get_file_from_path(place)) is not None:
            files.remove(there)
        files.append(File.generated(config, place, content=content))

    shown: set[str] = set()
    for path, place in documents().items():
        text = (ROOT / path).read_text(encoding="utf-8")
        markdown = _of_notebook(text) if path.endswith(".ipynb") else text
        titled = _FILE_BLOCK.sub(r'\1 title="\2"', markdown)
        put(place, _TARGET.sub(lambda link, path=path: _link(link[0], path, shown), titled))
    for path in sorted(shown):
        put(_place(path), _showing(ROOT / path))
    return files


def _link(target: str, path: str, shown: set[str]) -> str:
    """A link of the document as the site has it; what is not there stays, for MkDocs to say so."""
    there = PurePosixPath(os.path.normpath(PurePosixPath(path).parent / target)).as_posix()
    if not (ROOT / there).exists():
        return target
    place = _place(there)
    if place.startswith("repository/"):
        shown.add(there)
    return os.path.relpath(place, PurePosixPath(_place(path)).parent)


def _place(path: str) -> str:
    if path in _OF_ROOT:
        return _OF_ROOT[path]
    within = PurePosixPath(path)
    if within.parts[0] != "docs":
        return f"repository/{path}.md"
    place = within.relative_to("docs")
    return (place.with_suffix(".md") if place.suffix == ".ipynb" else place).as_posix()


def _showing(linked: Path) -> str:
    """A page of a file, or of the files of a folder."""
    files = sorted(linked.iterdir()) if linked.is_dir() else [linked]
    parts = ["---\nsearch: {exclude: true}\n---", f"# {linked.relative_to(ROOT).as_posix()}"]
    for file in (file for file in files if file.is_file()):
        parts += [f"## {file.name}"] if linked.is_dir() else []
        parts += [_fenced(file.read_text(encoding="utf-8"), _LANGUAGES.get(file.suffix, "text"))]
    return "\n\n".join(parts)


def _of_notebook(text: str) -> str:
    return "\n\n".join(_cells(json.loads(text)["cells"]))


def _cells(cells: Iterable[dict]) -> Iterator[str]:
    for cell in cells:
        source = "".join(cell["source"])
        yield source if cell["cell_type"] == "markdown" else _fenced(source, "python")


def _fenced(text: str, language: str) -> str:
    return f"````{language}\n{text.rstrip()}\n````"
