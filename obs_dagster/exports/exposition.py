"""Samples as Prometheus reads them: its text format, and a page that is read by GET."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from obs_dagster.exports.sample import Sample

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Samples:
    """A collector of Prometheus' client, of samples that are there already."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = tuple(samples)

    def collect(self) -> Iterator[Metric]:
        """A family for each name. There are no times in it: a scrape has its own."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        families: dict[str, Metric] = {}
        for each in self._samples:
            family = families.get(each.name)
            if family is None:
                kind = CounterMetricFamily if each.gauge.kind == "counter" else GaugeMetricFamily
                family = families[each.name] = kind(each.name, each.gauge.help)
            family.add_sample(each.name, each.about, each.value)
        yield from families.values()


def registry_of(samples: Iterable[Sample]) -> CollectorRegistry:
    """A registry of Prometheus' client with these samples and no others."""
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Samples(samples))
    return registry


def exposition(samples: Iterable[Sample]) -> bytes:
    """The samples in Prometheus' text format, with HELP and TYPE."""
    from prometheus_client import generate_latest

    return generate_latest(registry_of(samples))
