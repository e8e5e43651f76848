"""What may cause what: by stages, and by what monitors declare."""

from __future__ import annotations

import pytest

from bench.causes.world import observed
from obs_dagster.causes.order import possible_among


@pytest.fixture
def may():
    """Whether one component may cause another, with what a monitor declares."""

    def may(cause, effect, **declared):
        components = observed()
        names = [each.name for each in components]
        return bool(possible_among(components, **declared).may[names.index(cause), names.index(effect)])

    return may


@pytest.mark.parametrize(
    ("cause", "effect", "possible"),
    [
        ("upstream", "data_quality", True),
        ("performance", "upstream", False),
        ("drift", "data_quality", False),
        ("service", "volume", True),
        ("volume", "service", True),
        ("upstream", "release", False),
        ("labels", "performance", True),
        ("service", "service", False),
    ],
)
def test_stages_say_what_is_possible(may, cause, effect, possible):
    assert may(cause, effect) is possible


def test_what_is_forbidden_is_not_possible(may):
    assert not may("volume", "service", forbidden=[("volume", "service")])
    assert may("service", "volume", forbidden=[("volume", "service")])


def test_what_is_declared_holds_against_the_stages(may):
    """Bad data that crash a service: the service comes behind it, and is no cause of it any more."""
    declared = [("data_quality", "service")]
    assert may("data_quality", "service", declared=declared)
    assert not may("service", "schema", declared=declared)
    components = observed()
    names = [each.name for each in components]
    for order in possible_among(components, declared=declared).orders:
        assert order.index(names.index("data_quality")) < order.index(names.index("service"))


def test_components_of_one_stage_come_in_both_orders():
    components = observed()
    names = [each.name for each in components]
    service, volume = names.index("service"), names.index("volume")
    orders = possible_among(components).orders
    assert {order.index(service) < order.index(volume) for order in orders} == {True, False}
    [order] = possible_among(components, declared=[("volume", "service")]).orders
    assert order.index(volume) < order.index(service)


def test_edges_of_components_that_are_not_there_say_nothing():
    components = [each for each in observed() if each.name != "upstream"]
    assert not possible_among(components, declared=[("upstream", "drift")]).declared.any()
