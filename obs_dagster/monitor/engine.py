"""Which engine reads a model's rows: DuckDB inside the process, or Spark."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from obs_dagster.monitor.contract import Strict


class DuckDBEngine(Strict):
    """Read rows with DuckDB, inside the process; also written `engine: duckdb`."""

    kind: Literal["duckdb"] = "duckdb"


class SparkEngine(Strict):
    """Validate and reduce rows with Spark; also written `engine: spark`. Needs the extra `spark` and Java."""

    kind: Literal["spark"] = "spark"
    master: str = Field(
        default="local[*]",
        min_length=1,
        description="Spark's master. Unless it is `local[…]`, the lake must be mounted on every node.",
    )
    config: dict[str, str] = Field(
        default_factory=dict,
        description="Settings of the Spark session (`spark.driver.memory: 4g`). Secrets don't belong here "
        "but into Spark's own configuration (`SPARK_CONF_DIR`).",
    )


def _written_out(value: Any) -> Any:
    """The short form `engine: spark` as the mapping that it stands for."""
    return {"kind": value} if isinstance(value, str) else value


Engine = Annotated[
    DuckDBEngine | SparkEngine,
    Field(discriminator="kind"),
    BeforeValidator(
        _written_out, json_schema_input_type=Literal["duckdb", "spark"] | DuckDBEngine | SparkEngine
    ),
]
