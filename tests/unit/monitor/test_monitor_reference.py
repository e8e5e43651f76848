import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from obs_dagster.monitor import Monitor, json_schema
from obs_dagster.monitor.checks import CHECKS
from obs_dagster.monitor.reference import EXAMPLE, reference_markdown
from obs_dagster.monitor.yaml_reader import read_document

ROOT = Path(__file__).parents[3]
CASES = Path(__file__).parent / "cases"


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def test_the_committed_reference_and_schema_are_those_of_the_model(tmp_path):
    subprocess.run([sys.executable, "-m", "obs_dagster.monitor.reference", tmp_path], check=True)

    for name in ("monitor.md", "monitor.schema.json"):
        committed = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert committed == (tmp_path / name).read_text(encoding="utf-8"), (
            "Run `python -m obs_dagster.monitor.reference`."
        )


def test_the_schema_accepts_the_example(validator):
    assert list(validator.iter_errors(read_document(EXAMPLE).data)) == []


@pytest.mark.parametrize("case", ["ten_mistakes", "types", "unknown_keys", "baseline_kind"])
def test_the_schema_refuses_what_has_the_wrong_shape(validator, case):
    assert list(validator.iter_errors(read_document(CASES / f"{case}.yaml").data))


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("alerts", 0), {"name": "a", "metric": "psi"}),
        (("alerts", 0), {"name": "a", "metric": "psi", "above": 1, "below": 1}),
        (("baseline",), {"path": "{version}"}),
        (("windows",), [7]),
        (("windows",), [1, 1]),
        (("features", "hour", "typ"), "integer"),
    ],
)
def test_the_schema_says_what_the_checks_say(validator, keys, value):
    data = read_document(EXAMPLE).data
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value

    assert list(validator.iter_errors(data))


def test_every_part_of_the_schema_is_described_and_closed():
    schema = json_schema()

    for part in (schema, *schema["$defs"].values()):
        assert part["title"]
        assert part["description"]
        assert part["additionalProperties"] is False
        for name, key in part["properties"].items():
            assert name == "kind" or key["description"], name


def test_the_reference_has_every_key_and_every_check():
    text = reference_markdown()

    for name, field in Monitor.model_fields.items():
        assert f"| `{field.alias or name}` |" in text
    for check in CHECKS:
        assert check.__doc__.splitlines()[0] in text
    assert EXAMPLE.read_text(encoding="utf-8") in text
