"""How all monitored models stand after their last night, out of the history store in a few queries."""

from obs_dagster.fleet.standing import GRAVEST_FIRST, ModelStanding, State, VersionStanding, read_fleet

__all__ = ["GRAVEST_FIRST", "ModelStanding", "State", "VersionStanding", "read_fleet"]
