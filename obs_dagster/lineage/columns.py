"""The columns of the log as a night keeps them, and which columns of the source each is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from obs_dagster.content.protocol import content_of
from obs_dagster.lineage.naming import Name
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.model import Monitor
from obs_dagster.sources.declared import (
    about_column,
    declared_types,
    derived_columns,
    encoders,
    read_types,
)

if TYPE_CHECKING:
    from openlineage.client.generated.column_lineage_dataset import ColumnLineageDatasetFacet
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacet


def schema(monitor: Monitor) -> SchemaDatasetFacet:
    """Names, types and descriptions of the columns, roles first."""
    from openlineage.client.generated.schema_dataset import SchemaDatasetFacet, SchemaDatasetFacetFields

    types = declared_types(monitor) | {name: each.type for name, each in derived_columns(monitor).items()}
    return SchemaDatasetFacet(
        fields=[
            SchemaDatasetFacetFields(
                name=name,
                type=kind,
                description=about_column(monitor, name) or None,
                ordinal_position=place,
            )
            for place, (name, kind) in enumerate(types.items(), start=1)
        ]
    )


def lineage(monitor: Monitor, source: Name) -> ColumnLineageDatasetFacet:
    """For each column the columns of the log's source that it is made of."""
    from openlineage.client.generated.column_lineage_dataset import (
        ColumnLineageDatasetFacet,
        Fields,
        InputField,
        Transformation,
    )

    def made_of(columns: Sequence[str], *, same: bool) -> Fields:
        how = Transformation(type="DIRECT", subtype="IDENTITY" if same else "TRANSFORMATION", masking=False)
        return Fields([InputField(source.namespace, source.name, each, [how]) for each in columns])

    derived = {
        name: made_of(_sources(each.needs), same=False) for name, each in derived_columns(monitor).items()
    }
    derived |= {name: made_of([each.of or ""], same=False) for name, each in _encoded(monitor)}
    read = {name: made_of([column], same=True) for name, column in _read(monitor)}
    return ColumnLineageDatasetFacet(fields=read | derived)


def _sources(needs: Sequence[str]) -> list[str]:
    """The columns of the source that another is made of: of content the column itself."""
    return list(dict.fromkeys(content_of(need) or need for need in needs))


def _read(monitor: Monitor) -> Iterator[tuple[str, str]]:
    for name in read_types(monitor):
        feature = {**monitor.features, **monitor.content}.get(name)
        yield name, (feature.column if feature and feature.column else name)


def _encoded(monitor: Monitor) -> Iterator[tuple[str, Feature]]:
    """The vectors that encoders make, each with what is declared of it."""
    yield from ((name, monitor.content[name]) for name in encoders(monitor))
