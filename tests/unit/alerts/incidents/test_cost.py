from obs_dagster.alerts.incidents.cost import cost_of
from obs_dagster.monitor.costs import Costs

BINARY = Costs(currency="EUR", false_positive=2, false_negative=10)


def cost(store, days, costs, version="1"):
    with store.reading() as connection:
        return cost_of(connection, "flight_delay", version, days, costs)


def test_errors_cost_what_they_are_priced_at_beside_what_is_usual(store, write, day):
    # ten times as many rows are no more costly by themselves
    write([0.6, 0.6, 0.6, 3.6], metric="cost_per_row", n=100)
    found = cost(store, (day(4), day(4)), BINARY)
    assert (found.total, found.usual, found.rows) == (360, 60, 100)
    assert str(found) == "360 EUR of 100 rows with a known label, usually 60 EUR of as many"


def test_of_all_versions_rows_and_costs_add_up(store, write, day):
    for version in ("1", "2"):
        write([0.4], metric="cost_per_row", n=50, version=version)
    found = cost(store, (day(1), day(1)), BINARY, version="*")
    assert (found.total, found.usual, found.rows) == (40, None, 100)


def test_without_a_known_label_nothing_is_said(store, write, day):
    write([None], metric="cost_per_row")
    assert cost(store, (day(1), day(1)), BINARY) is None
