"""Every fuzzer."""

from tests.fuzz import bytes_of_files, captures, frames, monitor_files

FUZZERS = {
    each.name: each
    for each in (
        monitor_files.FUZZER,
        frames.LOGS,
        frames.LABELS,
        bytes_of_files.PARQUET,
        bytes_of_files.CSV,
        bytes_of_files.JSON_LINES,
        captures.FUZZER,
    )
}
