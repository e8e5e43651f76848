import pytest


@pytest.fixture
def render(season):
    """The page of the season, with what a test changes."""
    return lambda **changes: season.health_page(**{"run_id": "3f1c9a52"} | changes)
