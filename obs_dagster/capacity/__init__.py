"""Whether nights still fit into the time that there is for them."""

from obs_dagster.capacity.forecast import Forecast, forecast
from obs_dagster.capacity.present import forecasts
from obs_dagster.capacity.recording import record_capacity
from obs_dagster.capacity.window import night_window

__all__ = ["Forecast", "forecast", "forecasts", "night_window", "record_capacity"]
