from __future__ import annotations

import datetime as dt

import pytest

from obs_dagster.monitor import Route
from obs_dagster.monitor.routing import Notice, destinations, every_route, told

MONDAY = dt.date(2026, 1, 5)


def routes(*written):
    return tuple(map(Route.model_validate, written))


def went(tree, *, severity="critical", at="12:00", day=0, owner="team:a", **labels):
    time = dt.time.fromisoformat(at)
    moment = dt.datetime.combine(MONDAY + dt.timedelta(days=day), time, tzinfo=dt.UTC)
    notice = Notice(severity, "m", owner, moment, labels)
    return [route.url for _, route in destinations(tree, notice)]


TREE = routes(
    {
        "url": "log://chat",
        "routes": [
            {"url": "log://pager", "severities": ["critical"], "hours": "22:00-06:00"},
            {"url": "log://phone", "weekdays": ["sat", "sun"]},
        ],
    },
    {"url": "log://fraud", "labels": {"team": "fraud*"}, "continue": False},
    {"url": "log://others", "owners": ["team:*"]},
    {"severities": ["info"], "routes": [{"url": "log://archive"}]},
)


@pytest.mark.parametrize(
    ("about", "urls"),
    [
        ({}, ["chat", "others"]),
        ({"at": "22:00"}, ["pager", "others"]),
        ({"at": "05:59"}, ["pager", "others"]),
        ({"at": "06:00"}, ["chat", "others"]),
        ({"at": "23:00", "severity": "warning"}, ["chat", "others"]),
        ({"day": 5}, ["phone", "others"]),
        ({"day": 6, "at": "23:00"}, ["pager", "phone", "others"]),
        ({"team": "fraud-eu"}, ["chat", "fraud"]),
        ({"owner": "ann"}, ["chat"]),
        ({"severity": "info", "owner": "ann"}, ["chat", "archive"]),
    ],
)
def test_an_alert_goes_where_everything_holds(about, urls):
    assert went(TREE, **about) == [f"log://{url}" for url in urls]


def test_a_node_without_a_url_takes_only_what_one_below_it_takes():
    tree = routes(
        {"continue": False, "routes": [{"url": "log://a", "severities": ["info"]}]}, {"url": "log://b"}
    )
    assert went(tree, severity="info") == ["log://a"]
    assert went(tree) == ["log://b"]


def test_flat_routes_are_each_asked_as_before():
    tree = routes({"url": "log://a", "severities": ["critical"]}, {"url": "log://b"})
    assert (went(tree), went(tree, severity="info")) == (["log://a", "log://b"], ["log://b"])


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin():
    tree = routes({"url": "log://a", "hours": "22:00-06:00", "weekdays": ["fri"]})
    assert went(tree, day=5, at="05:00") == ["log://a"]
    assert went(tree, day=4, at="05:00") == []


def test_places_are_called_as_in_the_file():
    assert [told(way) for way, _ in every_route(TREE)][:3] == [
        "routes[0]",
        "routes[0].routes[0]",
        "routes[0].routes[1]",
    ]
