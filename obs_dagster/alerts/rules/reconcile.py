"""Which stored alert is which episode, after the episodes were computed anew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from obs_dagster.alerts.rules.alert import Alert
from obs_dagster.alerts.rules.fold import Episode, State

Pair = tuple[Alert | None, Episode | None]


def reconcile(stored: Sequence[Alert], episodes: Sequence[Episode]) -> list[Pair]:
    """Pair the stored alerts of one rule and subject with its episodes.

    Late data moves the ends of episodes, splits them, joins them and takes them away. People hear as
    little of that as possible:

    - an open alert stays with the open episode if the two share a day; otherwise it is the episode that
      it shares a day with, and was resolved meanwhile; otherwise it is the open episode, whose start moved;
    - a resolved alert is the fired episode that it tells of already, else the one with the same first day,
      else one that it shares a day with;
    - what is left over of the alerts has no episode any more, and of the episodes, is new.

    Args:
        stored: the subject's alerts, oldest first; at most one is open.
        episodes: its episodes, oldest first; at most the last one is open.

    Returns:
        Pairs in which at most one side is None: the stored alerts first, the new episodes last.
    """
    free = list(episodes)
    found: dict[str, Episode] = {}

    def pair(alert: Alert, episode: Episode | None) -> None:
        if episode is not None:
            found[alert.id] = episode
            free.remove(episode)

    resolved = []
    for alert in stored:
        if alert.state is State.RESOLVED:
            resolved.append(alert)
        else:
            pair(alert, _of_open(alert, free))
    for resembles in (_tells_it, _same_start, _share_a_day):
        for alert in resolved:
            if alert.id not in found:
                fired = (one for one in reversed(free) if one.fired_day is not None and resembles(alert, one))
                pair(alert, next(fired, None))
    return [(alert, found.get(alert.id)) for alert in stored] + [(None, episode) for episode in free]


def _of_open(alert: Alert, episodes: Sequence[Episode]) -> Episode | None:
    """The episode that an open alert stands for; None if it isn't among them."""
    newest_first = episodes[::-1]
    shared = (one for one in newest_first if _share_a_day(alert, one))
    lasting = (one for one in newest_first if one.state is not State.RESOLVED)
    return next(chain(shared, lasting), None)


def _tells_it(alert: Alert, episode: Episode) -> bool:
    """Whether the alert already says all of the episode, so that evaluating again changes nothing."""
    told = (alert.since, alert.last_day, alert.resolved_day, alert.nights, alert.note)
    return told == (episode.since, episode.last.day, episode.resolved_day, episode.nights, episode.reason)


def _same_start(alert: Alert, episode: Episode) -> bool:
    return alert.since == episode.since


def _share_a_day(alert: Alert, episode: Episode) -> bool:
    return alert.since <= episode.end and episode.since <= alert.end
