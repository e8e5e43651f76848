"""Of OpenLineage's client that is executed which is used, and all of it is there."""

import json
import subprocess
import sys

_ASKED = """
import json, sys
from types import ModuleType
from obs_dagster.lineage.client import client_type
kind = client_type()
there = lambda name: type(sys.modules.get(name)) is ModuleType
before = [there("httpx2._client"), there("openlineage.client.generated.sql_job")]
from openlineage.client.facet_v2 import sql_job
client = kind(config={"transport": {"type": "async_http", "url": "http://127.0.0.1:9"}})
client.close(0.1)
print(json.dumps([before, there("httpx2._client"), sql_job.SQLJobFacet("SELECT 1")._producer]))
"""


def test_modules_are_executed_once_something_of_them_is_asked_for():
    command = [sys.executable, "-c", _ASKED]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=60)
    before, after, producer = json.loads(told.stdout)
    assert before == [False, False]
    assert after
    assert producer.startswith("urn:obs-dagster:")
