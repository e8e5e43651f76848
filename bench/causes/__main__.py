"""`python -m bench.causes`: how well it is found what began something, in worlds whose graph is known.

Worlds are drawn from their number, so every run has the same.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

from bench.causes.found import Found, brier, look, look_at_edges, miscalibration, reliability, unsharp
from bench.causes.scores import SCORES
from bench.table import table

_DOCUMENT = Path(__file__).parents[2] / "docs" / "causes.md"
_WORLDS = {
    "a year of nights": (365, 0.0),
    "half a year": (180, 0.0),
    "two years": (730, 0.0),
    "a year, faults last three nights on average": (365, 0.67),
}


def report(worlds: int, questions: int) -> str:
    """The tables."""
    rows, first = [], None
    for name, (nights, lasts) in _WORLDS.items():
        began = time.process_time()
        found = look(range(worlds), nights=nights, questions=questions, lasts=lasts)
        first = first or found
        took = (time.process_time() - began) / max(found.asked, 1)
        rows.append([name, *_numbers(found), f"{took:.2f}"])
        print(rows[-1], flush=True)
    titles = (
        "worlds",
        "questions",
        "refused",
        "first",
        "among three",
        "Brier (base rate)",
        "calibration error",
        "all the same: Brier (base rate)",
        "chances off by",
        "edges found",
        "edges right",
        "seconds",
    )
    said = (
        f"{worlds} worlds of nine components each, {questions} nights of each on which something was off and "
        "others before it too. *First* and *among three*: where it really began, among all components that "
        'are off and "nothing that is known". *Chances off by*: the mean distance from the true ones with '
        "and without each cause. Seconds are of the processor, per question."
    )
    return f"{said}\n\n{table(titles, rows)}\n\n{_reliability(first or Found())}\n\n{_scores(worlds)}"


def _numbers(found: Found) -> list[str]:
    return [
        str(found.asked),
        f"{found.refused / max(found.asked, 1):.0%}",
        f"{found.within(1):.1%}",
        f"{found.within(3):.1%}",
        f"{brier(found.began):.3f} ({unsharp(found.began):.3f})",
        f"{miscalibration(found.began):.3f}",
        f"{brier(found.same):.3f} ({unsharp(found.same):.3f})",
        f"{found.away():.3f}",
        f"{found.recall():.0%}",
        f"{found.precision():.0%}",
    ]


def _reliability(found: Found) -> str:
    rows = [
        [f"{place}", f"{number:,}", f"{said:.1%}", f"{came:.1%}"]
        for place, pairs in (("it began there", found.began), ("all the same", found.same))
        for number, said, came in reliability(pairs)
    ]
    said = "What was said in a year of nights, by fifths of the probability, and how often it came true:"
    return f"{said}\n\n{table(('probability that', 'said', 'on average', 'came true'), rows)}"


def _scores(worlds: int) -> str:
    rows = []
    for name, score in SCORES.items():
        found = [look_at_edges(range(worlds), nights=nights, score=score) for nights in (120, 365)]
        rows.append([name, *(f"{each.recall():.0%} ({each.precision():.0%})" for each in found)])
    said = "Edges that are found, and how many of those that are found are there, by score:"
    return f"{said}\n\n{table(('score', '120 nights', 'a year'), rows)}"


def main() -> None:
    """Measure, and write the tables into docs/causes.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--questions", type=int, default=10)
    options = parser.parse_args()
    text = report(options.worlds, options.questions)
    print(text)
    marks = "<!-- results: causes -->", "<!-- end -->"
    before = _DOCUMENT.read_text(encoding="utf-8")
    pattern = re.compile(f"{marks[0]}.*?{marks[1]}", re.DOTALL)
    after = pattern.sub(lambda _: f"{marks[0]}\n\n{text}\n\n{marks[1]}", before)
    _DOCUMENT.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
