import pytest

from tests.regressor import LOGS, Regressor


@pytest.fixture
def regressor(small):
    """Makes a regressor; keyword arguments are further columns of its log."""

    def make(baseline=None, **columns):
        logs = LOGS | {"columns": LOGS["columns"] | columns}
        return Regressor(small(task="regression", logs=logs).monitor, baseline)

    return make
