"""What a monitor file says of Spark."""

from __future__ import annotations

from pydantic import Field

from obs_dagster.monitor.contract import Strict


class SparkKeys(Strict):
    """Where Spark runs, and its settings."""

    master: str = Field(
        default="local[*]",
        min_length=1,
        description="Spark's master. Unless it is `local[…]`, every node has this program, and reaches "
        "the log and the lake under the same paths, or in object storage.",
    )
    config: dict[str, str] = Field(
        default_factory=dict,
        description="Settings of the Spark session (`spark.driver.memory: 4g`). Secrets don't belong here "
        "but into Spark's own configuration (`SPARK_CONF_DIR`).",
    )
