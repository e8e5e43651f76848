import pytest

from obs_dagster.alerts.incidents.cost import cost_of
from obs_dagster.monitor.costs import Costs

BINARY = Costs(currency="EUR", false_positive=2, false_negative=10)


def cost(store, days, costs, version="1"):
    with store.reading() as connection:
        return cost_of(connection, "flight_delay", version, days, costs)


def test_errors_cost_what_they_are_priced_at_beside_what_is_usual(store, write, day):
    # 10 of 100 rows are called wrongly on usual days; ten times as many rows are no more costly by themselves
    write([5, 5, 5, 80], metric="false_positives", n=100)
    write([5, 5, 5, 20], metric="false_negatives", n=100)
    found = cost(store, (day(4), day(4)), BINARY)
    assert (found.total, found.usual, found.rows) == (80 * 2 + 20 * 10, 5 * 2 + 5 * 10, 100)
    assert str(found) == "360 EUR of 100 rows with a known label, usually 60 EUR of as many"


def test_of_all_versions_rows_and_costs_add_up(store, write, day):
    for version in ("1", "2"):
        write([10], metric="false_positives", n=50, version=version)
        write([0], metric="false_negatives", n=50, version=version)
    found = cost(store, (day(1), day(1)), BINARY, version="*")
    assert (found.total, found.usual, found.rows) == (40, None, 100)


def test_classes_and_numbers_have_prices_too(store, write, day):
    write([0.9], metric="accuracy", n=100)
    write([4.0], metric="mae", n=100)
    assert cost(store, (day(1), day(1)), Costs(wrong=3)).total == pytest.approx(30)
    assert cost(store, (day(1), day(1)), Costs(unit=0.5)).total == pytest.approx(200)


def test_without_a_known_label_nothing_is_said(store, write, day):
    write([None], metric="false_positives")
    assert cost(store, (day(1), day(1)), BINARY) is None
    assert cost(store, (day(1), day(1)), Costs()) is None
