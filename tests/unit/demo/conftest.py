"""The real flights, and a demo prepared from every tenth of them."""

import pytest

from obs_dagster.demo.fleet import prepare_fleet
from obs_dagster.demo.flights import load_flights
from obs_dagster.demo.plan import prepare


@pytest.fixture(scope="session")
def flights():
    return load_flights()


@pytest.fixture(scope="session")
def tenth(flights):
    return flights.iloc[::10].reset_index(drop=True)


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def uri(home):
    return f"sqlite:///{home / 'mlflow.db'}"


@pytest.fixture(scope="session")
def plan(home, uri, tenth):
    return prepare(home, uri, progress=lambda _: None, flights=tenth)


@pytest.fixture(scope="session")
def fleet(plan, home, uri, tenth):
    """The siblings, trained on every tenth flight and registered beside the first model."""
    return prepare_fleet(home, uri, tenth, progress=lambda _: None)
