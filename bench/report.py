"""Writes the kept results into docs/performance.md, each part between markers of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench import results
from bench.chart import write_chart
from bench.parts import PARTS
from bench.parts.evaluation import NAME as EVALUATION
from bench.table import rows_of, size, table

_DOCS = Path(__file__).parent.parent / "docs"
DOCUMENT = _DOCS / "performance.md"
CHART = _DOCS / "images" / "performance.svg"
#: What stands at the head of the document: a line or two of each part.
HEADLINE = "headline"
#: The number of rows that the chart shows, where it was measured.
_CHARTED = 1_000_000


class ReportError(Exception):
    """The document cannot take the results."""


def write_report(folder: Path = results.FOLDER, document: Path = DOCUMENT, chart: Path = CHART) -> Path:
    """Replace what stands between the document's markers, and the chart; the document's path.

    A part that was not measured keeps what stands there; so does the headline until all are.

    Args:
        folder: of the results.
        document: the document; those that parts name are beside it.
        chart: the SVG file; written only if the evaluation was measured.

    Raises:
        ReportError: the document lacks the markers of a part.
    """
    measured = {name: results.read(name, folder) for name in PARTS}
    texts = {place: place.read_text(encoding="utf-8") for place in _documents(document).values()}
    if all(measured.values()):
        lines = [line for name, part in PARTS.items() for line in part.headline(measured[name])]
        head = table(["what", "measured"], lines, words=2)
        texts[document] = replaced(texts[document], HEADLINE, head)
    for name, place in _documents(document).items():
        if cases := measured[name]:
            section = f"{PARTS[name].section(cases)}\n\n{_taken(cases)}"
            texts[place] = replaced(texts[place], name, section)
            if name == EVALUATION:
                _draw(cases, chart)
    for place, text in texts.items():
        place.write_text(text, encoding="utf-8")
    return document


def _documents(document: Path) -> dict[str, Path]:
    """Where the results of each part stand: in one document beside it, or in another one that it names."""
    return {
        name: document.with_name(getattr(part, "DOCUMENT", document.name)) for name, part in PARTS.items()
    }


def replaced(text: str, part: str, content: str) -> str:
    """A text with new content between the markers of a part.

    >>> replaced("a <!-- results: x --> old <!-- end of x --> b", "x", "new")
    'a <!-- results: x -->\\n\\nnew\\n\\n<!-- end of x --> b'

    Raises:
        ReportError: it does not have them, in order.
    """
    begin, end = f"<!-- results: {part} -->", f"<!-- end of {part} -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ReportError(f"The document needs {begin} and {end}, in this order.")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def _draw(cases: dict[str, dict[str, Any]], chart: Path) -> None:
    measured = [each["measured"] for each in cases.values()]
    shown = next((each for each in measured if each["rows"] == _CHARTED), measured[-1])
    tools = {tool: found for tool, found in shown.items() if tool != "rows"}
    chart.parent.mkdir(exist_ok=True)
    write_chart(chart, rows_of(shown["rows"]), tools, shown["rows"])


def _taken(cases: dict[str, dict[str, Any]]) -> str:
    """When and on what the cases were measured, a sentence for each machine and set of versions."""
    sentences: dict[str, list[str]] = {}
    for case, each in cases.items():
        taken = each["taken"]
        versions = ", ".join(f"{name} {number}" for name, number in taken["versions"].items())
        sentence = (
            f"{taken['cores']} cores ({taken['processor']}), {size(taken['memory'])} MB of memory, "
            f"{taken['system']}, Python {taken['python']}, {versions}; measured on {taken['date']}"
        )
        sentences.setdefault(sentence, []).append(f"{case}: {taken['load']}")
    return "\n\n".join(
        f"*{text}. Load average then: {'; '.join(loads)}.*" for text, loads in sentences.items()
    )
