import pytest

from obs_dagster.alerts.rules.subject import Subject, watches
from obs_dagster.monitor import Rule


def rule(**narrowed):
    return Rule(name="a", metric="psi", above=0.2, **narrowed)


@pytest.mark.parametrize(
    ("narrowed", "subject", "watched"),
    [
        ({"columns": ["dep_*"]}, Subject("1", "*", "dep_delay"), True),
        ({"columns": ["dep_*"]}, Subject("1", "*", "arr_delay"), False),
        ({"columns": ["odd[1]"]}, Subject("1", "*", "odd[1]"), True),
        ({"versions": ["2.*"]}, Subject("2.10", "*", ""), True),
        ({"versions": ["2.*"]}, Subject("3.1", "*", ""), False),
        ({"classes": ["very*"]}, Subject("1", "*", "very_late"), True),
        ({"segments": ["origin=J*"]}, Subject("1", "origin=JFK", ""), True),
        ({"segments": ["origin=J*"]}, Subject("1", "origin=LGA", ""), False),
        ({"segments": ["origin=J*"]}, Subject("1", "origin=JFK,carrier=AA", ""), False),
        ({"segments": ["origin=J*,carrier=*"]}, Subject("1", "origin=JFK,carrier=AA", ""), True),
        ({"segments": ["*"]}, Subject("1", "origin=JFK", ""), False),
        ({"segments": ["origin"]}, Subject("1", "*", ""), False),
    ],
)
def test_names_may_be_patterns(narrowed, subject, watched):
    assert watches(rule(**narrowed), subject) is watched


def test_the_version_that_others_are_held_against_is_not_watched():
    worse = Rule(name="worse", metric="recall", below="95 % of version 1")
    assert not watches(worse, Subject("1", "*", ""))
    assert watches(worse, Subject("2", "*", ""))
