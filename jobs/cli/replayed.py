"""A rule's replay for people: night by night, and what other thresholds would have done."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from jobs.cli.console import OUTPUT, cell, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from obs_dagster.alerts.rules.replay import Replay, Replayed

_SIGNS = {"ok": ("·", "green"), "unsure": ("~", "yellow"), "breach": ("!", "red"), "unknown": ("?", "dim")}
_FIRING, _NO_RECORD = ("█", "bold red"), (" ", "")
#: Subjects that are shown, and nights in a line.
_MOST, _WIDE = 12, 60


def print_replay(model: str, replays: Sequence[Replay]) -> None:
    """Print the replay of a rule, and those with other thresholds."""
    own, *others = replays
    days = (own.last - own.first).days + 1
    OUTPUT.print(cell(f"{model}: {own.rule.name} ", "bold").append(f"({own.rule.condition})", "default"))
    OUTPUT.print(
        f"{own.first} to {own.last}, {days} days, on what is known of them now: late labels are in.\n",
        highlight=False,
    )
    if not own.subjects:
        OUTPUT.print(
            "Nothing that it watches was evaluated then. What only rules ask for is computed in nights after "
            f"they do: obs backfill {model} --from {own.first} --to {own.last}",
            highlight=False,
        )
        return
    for each in own.subjects[:_MOST]:
        _print_subject(own, each)
    more = len(own.subjects) - _MOST
    if more > 0:
        OUTPUT.print(f"  and {more} more that it watches", highlight=False)
    legend = Text("\n  ")
    for name, (sign, style) in {**_SIGNS, "firing": _FIRING}.items():
        legend.append(sign, style).append(f" {name}  ")
    OUTPUT.print(legend)
    OUTPUT.print(f"\n{_told(own)}", highlight=False)
    if others:
        _print_others(own, others)


def _print_subject(own: Replay, each: Replayed) -> None:
    from obs_dagster.alerts.rules.judging import why_unknown

    OUTPUT.print(cell(f"  {each.subject.told(own.rule.metric)}", "bold"))
    said = {night.night.day: night.verdict for night in each.nights}
    days = [own.first + dt.timedelta(days=number) for number in range((own.last - own.first).days + 1)]
    for start in range(0, len(days), _WIDE):
        line = Text()
        for day in days[start : start + _WIDE]:
            sign = _NO_RECORD if day not in said else _SIGNS[said[day].value]
            line.append(*(_FIRING if day in said and each.fires_on(day) else sign))
        OUTPUT.print(Padding(Text(f"{days[start]:%d %b} ").append_text(line), (0, 0, 0, 4)))
    unknown = Counter(
        why_unknown(own.rule, night.night) for night in each.nights if night.verdict == "unknown"
    )
    for why, count in unknown.most_common(1):
        OUTPUT.print(f"    {count} nights unknown, most often: {why}", highlight=False)
    for episode in each.episodes:
        over = f"ended {episode.resolved_day}" if episode.resolved_day else "still firing"
        OUTPUT.print(
            f"    fired {episode.fired_day} ({episode.nights} breaching nights), {over}", highlight=False
        )


def _told(own: Replay) -> str:
    watched = len(own.subjects)
    if not own.fired:
        return f"It would not have fired for any of the {watched} that it watches."
    times = "once" if own.fired == 1 else f"{own.fired} times"
    nights = "1 night" if own.firing_nights == 1 else f"{own.firing_nights} nights"
    return (
        f"It would have fired {times}, over {nights}, for {own.fired_subjects} of {watched} that it watches."
    )


def _print_others(own: Replay, others: Sequence[Replay]) -> None:
    rows = table(own.rule.direction, "fired", "nights", "of those watched")
    for each in sorted([own, *others], key=lambda each: each.rule.threshold.number):
        mark = "  as it is" if each is own else ""
        held = each.rule.threshold
        written = held.origin or f"{held.number:g}"
        style = "bold" if each is own else ""
        rows.add_row(
            cell(f"{written}{mark}", style),
            cell(each.fired, style),
            cell(each.firing_nights, style),
            cell(each.fired_subjects, style),
        )
    OUTPUT.print()
    OUTPUT.print(Padding(rows, (0, 0, 0, 2)))


def as_rows(replays: Sequence[Replay]) -> list[dict[str, object]]:
    """The replays as data: one row for each threshold."""
    return [
        {
            "threshold": each.rule.threshold.origin or each.rule.threshold.number,
            "own": each is replays[0],
            "direction": each.rule.direction,
            "fired": each.fired,
            "firing_nights": each.firing_nights,
            "subjects_fired": each.fired_subjects,
            "subjects": len(each.subjects),
        }
        for each in replays
    ]


def as_documents(replays: Sequence[Replay]) -> list[dict[str, object]]:
    """The same with every episode, where a format has a place for lists."""
    return [
        {
            **row,
            "episodes": [
                {
                    **subject.subject._asdict(),
                    "since": episode.since,
                    "fired_day": episode.fired_day,
                    "resolved_day": episode.resolved_day,
                    "nights": episode.nights,
                }
                for subject in each.subjects
                for episode in subject.episodes
            ],
        }
        for row, each in zip(as_rows(replays), replays, strict=True)
    ]
