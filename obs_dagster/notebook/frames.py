"""Arrow tables as the data frames that people work with."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from obs_dagster.errors import ObsError
from obs_dagster.monitor.named import require

if TYPE_CHECKING:
    import pyarrow as pa

Frame = Literal["pandas", "polars", "arrow"]
"""What a table comes as."""


def framed(table: pa.Table, frame: Frame) -> Any:
    """A table as a pandas or Polars data frame, or as the Arrow table that it is.

    Raises:
        UnknownNameError: there is no such kind of frame.
        ObsError: Polars is asked for and not installed.
    """
    require(frame, get_args(Frame), "kind of frame")
    if frame == "arrow":
        return table
    if frame == "pandas":
        return table.to_pandas()
    try:
        polars = import_module("polars")
    except ImportError as error:
        raise ObsError(
            "Polars is not installed.", remedy='Install it, or ask for frame="pandas" or "arrow".'
        ) from error
    return polars.from_arrow(table)
