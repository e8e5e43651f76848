from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import example, given, settings
from hypothesis import strategies as st

from obs_dagster.alerts import State, Subject
from obs_dagster.alerts.life.tell import due
from obs_dagster.alerts.rules.fold import fold
from obs_dagster.alerts.rules.observation import Observation
from obs_dagster.alerts.rules.reconcile import reconcile
from obs_dagster.alerts.rules.transition import Evaluation, advance
from obs_dagster.monitor import Rule

FIRST = dt.date(2013, 7, 1)
NOW = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
SUBJECT = Subject("1", "*", "")


def evaluate(rule, values, stored):
    """One evaluation: the stored alerts after it, and what people are told, as (id, event)."""
    nights = [
        Observation(FIRST + dt.timedelta(days=shift), value, None, None, 1_000)
        for shift, value in enumerate(values)
    ]
    as_of = FIRST + dt.timedelta(days=len(values) - 1)
    evaluation = Evaluation("m", "", as_of, NOW, "run")
    episodes = fold(rule, nights, as_of)
    kept, told = [], []
    for before, episode in reconcile(sorted(stored, key=lambda one: one.since), episodes):
        advanced = advance(evaluation, rule, SUBJECT, before, episode)
        if advanced is not None:
            after, event = due(advanced, None)
            kept.append(after)
            if event is not None:
                told.append((after.id, event))
    return kept, told, episodes


RULE = Rule.model_validate({"name": "low", "metric": "recall", "below": 0.5})
RULES = st.integers(1, 3).map(lambda length: RULE.model_copy(update={"for_nights": length}))
SERIES = st.lists(st.sampled_from([0.2, 0.9, None]), min_size=1, max_size=8)


@settings(max_examples=100)
# The night of an evaluation is never before that of an earlier one.
@given(RULES, st.lists(SERIES, min_size=1, max_size=6).map(lambda some: sorted(some, key=len)))
@example(RULE, [[0.2], [0.9, 0.2, 0.9]])
@example(
    RULE.model_copy(update={"for_nights": 2}),
    [
        [0.2, 0.2],
        [0.9, 0.2],
        [0.2, 0.9, 0.2, 0.2, 0.2, 0.9],
        [0.2, 0.9, 0.2, 0.2, 0.2, 0.2],
        [0.9, 0.2, 0.2, 0.2, 0.2, 0.9, 0.2],
    ],
)
def test_whatever_late_data_does_the_alerts_tell_what_the_episodes_are(rule, versions_of_the_past):
    stored, heard = [], defaultdict(list)
    for values in versions_of_the_past:
        before = stored
        stored, told, episodes = evaluate(rule, values, stored)
        for alert, event in told:
            heard[alert].append(event)

        still_open = [one for one in stored if one.state is not State.RESOLVED]
        lasting = [one for one in episodes if one.state is not State.RESOLVED]
        assert [(one.state, one.since) for one in still_open] == [(one.state, one.since) for one in lasting]
        for episode in episodes:
            assert any(
                (one.since, one.resolved_day) == (episode.since, episode.resolved_day) for one in stored
            )
        # What people were told of doesn't disappear.
        assert {one.id for one in before if one.firings} <= {one.id for one in stored}
        for alert in stored:
            events = heard[alert.id]
            assert (
                events == ["firing", "resolved"] * alert.firings
                if not alert.announced
                else events[-1:] == ["firing"]
            )
            assert alert.announced == (events[-1:] == ["firing"])
            assert alert.state is not State.FIRING or alert.announced
            assert alert.state is not State.RESOLVED or not alert.announced

        again, told_again, _ = evaluate(rule, values, stored)
        assert (sorted(again, key=lambda one: one.id), told_again) == (
            sorted(stored, key=lambda one: one.id),
            [],
        )
