"""Content: what is found in a world, how long vectors take, and images."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from bench.clock import Clock, run

_DIMENSION, _DAY = 384, dt.date(2024, 1, 1)


def found(folder: str, world: str, quiet: int, faults: list[str] | None = None) -> None:
    """Nights of a world, quiet ones and such with faults.

    Args:
        folder: where to work.
        world: its name.
        quiet: how many nights without a fault.
        faults: those that happen; None: all.
    """
    clock = Clock()
    with clock.importing():
        from bench.content.watch import watched
        from bench.content.worlds import worlds
    made = worlds()[world]()
    with clock.phase("nights"):
        seen = watched(made, Path(folder), quiet, faults)
    clock.report(told=made.told, rows=made.rows, **seen.as_json())


def vectors(folder: str, rows: int) -> None:
    """A day of vectors: described, and counted.

    Args:
        folder: where to work.
        rows: how many vectors.
    """
    clock = Clock()
    with clock.importing():
        import great_expectations  # noqa: F401  nights have it loaded
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        from obs_dagster.baselines.prepare import prepare_baseline
        from obs_dagster.evaluation.night import Night
        from obs_dagster.evaluation.profiling import profile_days
        from obs_dagster.evaluation.recording import Recorder
        from obs_dagster.lake.lake import Lake
        from obs_dagster.monitor import Monitor
        from obs_dagster.quality.day import validate_day
        from obs_dagster.sources.ingest import ingest_logs
    root = Path(folder)
    for place, number, seed in (("training/1", min(rows, 50_000), 1), (f"logs/{_DAY}", rows, 2)):
        path = root / f"{place}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        chance = np.random.default_rng(seed)
        with pq.ParquetWriter(path, _schema()) as writer:
            for start in range(0, number, 50_000):
                part = min(50_000, number - start)
                values = chance.standard_normal((part, _DIMENSION), np.float32)
                columns = {
                    "id": [str(each) for each in range(start, start + part)],
                    "at": pa.array(np.full(part, np.datetime64(_DAY, "us")), pa.timestamp("us", "UTC")),
                    "version": ["1"] * part,
                    "score": chance.uniform(size=part),
                    "vector": pa.FixedSizeListArray.from_arrays(values.ravel(), _DIMENSION).cast(
                        pa.list_(pa.float32())
                    ),
                }
                writer.write_table(pa.table(columns, schema=_schema()))
    keys: dict[str, Any] = {
        "model": "vectors",
        "start": _DAY,
        "logs": {
            "source": "parquet",
            "path": "logs/{day}.parquet",
            "columns": {"prediction_id": "id", "time": "at", "version": "version", "score": "score"},
        },
        "features": {"vector": {"type": "embedding", "dimension": _DIMENSION}},
        "baseline": {"kind": "training", "path": "training/{version}.parquet"},
    }
    monitor = Monitor.model_validate(keys, context=root / "vectors.yaml")
    lake = Lake(root / "lake")
    with clock.phase("baseline"):
        prepare_baseline(monitor, lake)
    with clock.phase("ingest"):
        ingest_logs(monitor, _DAY, lake)
    with clock.phase("validate"):
        validate_day(monitor, _DAY, lake)
    night = Night(monitor, lake, Recorder("vectors", "run", dt.datetime.now(dt.UTC), monitor.task))
    with clock.phase("profile"):
        list(profile_days(night, [_DAY]))
    clock.report(rows=rows, dimension=_DIMENSION)


def images(number: int) -> None:
    """Pictures of 32 by 32 pixels, and photos as cameras make them, described.

    Args:
        number: how many of the first.
    """
    clock = Clock()
    with clock.importing():
        import numpy as np
        import pyarrow as pa
        from sklearn.datasets import load_sample_images

        from bench.content.worlds import encoded
        from bench.content.worlds import images as world
        from obs_dagster.content.image.reading import of_bytes
    small = pa.array(world().values(number, np.random.default_rng(0)))
    photos = [encoded(each, "JPEG") for each in load_sample_images().images]
    large = pa.array([photos[each % 2] for each in range(number // 10)])
    of_bytes(small.slice(0, 10))
    for name, given in (("small", small), ("photos", large)):
        with clock.phase(name):
            for start in range(0, len(given), 2_048):
                of_bytes(given.slice(start, 2_048))
    clock.report(small=len(small), photos=len(large))


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("at", pa.timestamp("us", "UTC")),
            ("version", pa.string()),
            ("score", pa.float64()),
            ("vector", pa.list_(pa.float32())),
        ]
    )


def main(what: str, **arguments: Any) -> None:
    """Measure one of them."""
    {"found": found, "vectors": vectors, "images": images}[what](**arguments)


if __name__ == "__main__":
    run(main)
