import subprocess
import sys
from pathlib import Path

import pytest

from obs_dagster.metrics import registry
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.reference import reference_markdown
from obs_dagster.metrics.registry import MetricError, definition, definitions, family, metrics
from tests.extension import forget, install


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(MetricError, match=r"no metric 'recal'.*Did you mean 'recall'"):
        definition("recal")


def test_a_metric_far_from_all_is_answered_with_the_known_ones():
    with pytest.raises(MetricError, match=r"Known: absolute_error_p90, accuracy"):
        definition("zzz")


def test_every_family_has_metrics():
    assert all(family(name) for name in registry.FAMILIES)
    assert definitions()["psi"] is definition("psi")


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """Installs a distribution with a metric module and an entry point, for real."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield lambda name, code: install(tmp_path, name, {name: code}, {registry.ENTRY_POINTS: f"{name}:METRICS"})
    monkeypatch.undo()
    forget()


TEMPLATE = """
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate

METRICS = Metric(
    Definition("{name}", "{name}/1", "{family}", "Title", "Meaning.", "1.", "None.", "none", tasks={tasks}),
    lambda given: Estimate(1.0, None, None, 5),
)
"""


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_a_third_partys_metric_of_every_family_is_found_and_computed(third_party, name):
    third_party(f"plugin_{name}", TEMPLATE.format(name="house_rule", family=name, tasks=()))
    assert evaluate(name, None, only=["house_rule"])["house_rule"].n == 5


def test_tasks_may_share_a_name_that_reads_alike(third_party):
    third_party("plugin_alike", TEMPLATE.format(name="recall", family="performance", tasks=("other",)))
    with pytest.raises(MetricError, match=r"'recall', whose title is another one for binary_classification"):
        metrics()


def test_a_metric_of_another_task_is_not_computed(third_party):
    third_party("plugin_other", TEMPLATE.format(name="house_rule", family="service", tasks=("other",)))
    assert "house_rule" in family("service", "other")
    assert "house_rule" not in family("service", "binary_classification")


def test_a_name_that_is_taken_is_an_error(third_party):
    third_party("plugin_taken", TEMPLATE.format(name="psi", family="quality", tasks=()))
    with pytest.raises(MetricError, match=r"plugin_taken.*'psi', which is already there"):
        metrics()


def test_an_entry_point_that_is_no_metric_is_an_error(third_party):
    third_party("plugin_bad", "METRICS = 3")
    with pytest.raises(MetricError, match=r"plugin_bad.*is not a Metric"):
        metrics()


def test_the_committed_reference_is_current():
    committed = Path(__file__).parents[3] / "docs" / "metrics.md"
    assert committed.read_text(encoding="utf-8") == reference_markdown(), (
        "run: python -m obs_dagster.metrics.reference > docs/metrics.md"
    )


def test_the_registry_imports_no_heavy_library():
    code = (
        "import sys; from obs_dagster.metrics.registry import metrics; metrics(); "
        "print([name for name in ('scipy', 'sklearn', 'pandas', 'evidently') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
