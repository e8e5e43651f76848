"""What is not about the files that were read is not blamed on them."""

from pathlib import Path

import duckdb
import pytest

from obs_dagster.errors import SourceError
from obs_dagster.sources.files import SourceFiles, connect
from obs_dagster.storage_fault import StorageError

FILE = Path("/data/logs/a.parquet")
SOURCE = SourceFiles("parquet", str(FILE), (FILE,))


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Could not write file "/lake/.data": No space left on device'),
        duckdb.IOException('IO Error: Cannot open file "/lake/.data": Read-only file system'),
        duckdb.OutOfMemoryException("Out of Memory Error: failed to offload data block of size 256 KiB"),
    ],
)
def test_a_full_disk_is_no_fault_of_the_input(error):
    found = SOURCE.unreadable(error)
    assert isinstance(found, StorageError)
    assert str(FILE) not in found.message


@pytest.mark.parametrize(
    "error",
    [
        duckdb.InvalidInputException(f"Invalid Input Error: No magic bytes found at end of file '{FILE}'"),
        duckdb.IOException(f'IO Error: Cannot open file "{FILE}": Input/output error'),
    ],
)
def test_what_is_about_the_input_names_it(error):
    found = SOURCE.unreadable(error)
    assert isinstance(found, SourceError)
    assert str(FILE) in found.message


def test_a_copy_to_a_full_device_is_told_apart(tmp_path):
    with connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute("COPY (SELECT range AS x FROM range(100000)) TO '/dev/full' (FORMAT parquet)")
    assert isinstance(SOURCE.unreadable(caught.value), StorageError), str(caught.value)
