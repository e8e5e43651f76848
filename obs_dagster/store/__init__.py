"""Files wherever they are: on disk as they are, in object storage by the same interface."""

from obs_dagster.store.error import LostRaceError, StoreError
from obs_dagster.store.object_path import ObjectPath
from obs_dagster.store.place import are_files, in_parts, is_remote, place, remove_tree, working_folder

__all__ = [
    "LostRaceError",
    "ObjectPath",
    "StoreError",
    "are_files",
    "in_parts",
    "is_remote",
    "place",
    "remove_tree",
    "working_folder",
]
