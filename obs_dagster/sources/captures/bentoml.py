"""What BentoML's monitors write: `<monitor>/data/data.<worker>.log`, a JSON object for each prediction.

Documented in "Monitoring and data collection" of BentoML. The columns of a monitor are followed by
`timestamp`, `request_id` and `trace_id`; which of them are predictions says the file of the schema alone, and
here the monitor's roles. Times have no zone: `logs.times` says which. There is no version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_dagster.sources.captures.capture import Record, RefusedError, Row

_ADDED = ("timestamp", "request_id", "trace_id")


class BentoML:
    """Each prediction is a record; those of a batch have one request."""

    name = "bentoml"

    def claims(self, record: Record) -> bool:
        """The three columns that are added, as the last ones, with ids that are whole numbers in texts."""
        return tuple(record)[-3:] == _ADDED and str(record["trace_id"]).isdigit()

    def key(self, record: Record) -> str:
        """The request."""
        if not record["request_id"]:
            raise RefusedError("the request has no id")
        return str(record["request_id"])

    def rows(self, records: Sequence[Record]) -> Iterator[Row]:
        """The columns as they are."""
        for place, record in enumerate(records):
            request_id = self.key(record)
            own = request_id if len(records) == 1 else f"{request_id}:{place}"
            known = {
                "prediction_id": own,
                "request_id": request_id,
                "time": record["timestamp"],
                # it writes the number that the digits of everybody else stand for
                "trace_id": f"{int(record['trace_id']):032x}",
            }
            columns = {name: value for name, value in record.items() if name not in _ADDED}
            yield known | {f"feature_{name}" if name in known else name: columns[name] for name in columns}


CAPTURE = BentoML()
