"""`obs init` on requests and responses that are files of their own: a row for each pair."""

import base64
import json
import os

import pytest

from obs_dagster.discovery.layout import layout_of
from obs_dagster.discovery.sample import sampled
from obs_dagster.discovery.sample_rows import BESIDE, FILES
from obs_dagster.sources.files import connect

_BEGIN = 1_709_550_000


def put(folder, number):
    bodies = {"request": {"instances": [[1.5, number]]}, "response": {"predictions": [number / 1_000]}}
    for side, body in bodies.items():
        record = {
            "Bytes": base64.b64encode(json.dumps(body).encode()).decode(),
            "ReqType": f"org.kubeflow.serving.inference.{side}",
            "Id": f"{number:04x}-id",
            "InferenceService": "late",
        }
        file = folder / f"{number:04x}-id-{side}.json"
        file.write_text(json.dumps([record]), encoding="utf-8")
        os.utime(file, (_BEGIN + number, _BEGIN + number))


@pytest.mark.parametrize("requests", [5, 400])
def test_pairs_of_files_are_rows(tmp_path, requests):
    for number in range(requests):
        put(tmp_path, number)
    layout = layout_of(str(tmp_path))
    assert (layout.source, len(layout.files)) == ("capture", 2 * requests)
    with connect() as connection:
        found = sampled(connection, layout)
        # runs of files may begin or end between two of a pair
        most = min(requests, BESIDE // 2)
        assert most - FILES < found.rows <= most
        assert {"prediction_id", "time", "version", "feature_0", "feature_1", "output"} <= set(found.columns)
