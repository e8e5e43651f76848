"""Columns of texts, vectors and images, as a draft of a monitor has them."""

import base64

import numpy as np
import pandas as pd
import pytest

from tests.unit.content.content_rows import png, sound
from tests.unit.discovery.test_discover import drafted, loaded


def with_columns(service, **columns):
    """The monitor of a log that has more columns."""

    def change(frame):
        return frame.assign(
            **{name: pd.Series(make(len(frame)), dtype=object) for name, make in columns.items()}
        )

    service.log(place="logs/{day}.parquet", change=change)
    monitor = loaded(service, drafted(service))
    return {name: each.type for name, each in monitor.content.items()}, monitor


def test_content_is_recognised(service):
    rng = np.random.default_rng(0)
    types, monitor = with_columns(
        service,
        note=lambda n: sound("text", n),
        vector=lambda n: rng.normal(size=(n, 24)).tolist(),
        photo=lambda n: [f"2024/{number:05}.JPG" for number in range(n)],
        scan=lambda n: [png(np.full((4, 4, 3), k % 256, np.uint8)) for k in range(n)],
        packed=lambda n: [
            base64.b64encode(png(np.full((4, 4, 3), k % 256, np.uint8))).decode() for k in range(n)
        ],
        city=lambda n: rng.choice(["New York", "Rio de Janeiro", "Rome"], n),
    )
    assert types == {
        "note": "text",
        "vector": "embedding",
        "photo": "image",
        "scan": "image",
        "packed": "image",
    }
    assert monitor.content["vector"].dimension == 24
    assert monitor.content["scan"].stored_as == "bytes"
    assert monitor.content["packed"].stored_as == "base64"
    assert monitor.features["city"].type == "category"


def test_content_is_recognised_among_broken_values(service):
    rng = np.random.default_rng(0)

    def vectors(n):
        found = rng.normal(size=(n, 24)).tolist()
        found[0], found[1], found[2] = [], [1.0], [0.5] * 25
        return found

    types, monitor = with_columns(
        service,
        vector=vectors,
        photo=lambda n: ["no image", ""] + [f"{number:05}.jpg" for number in range(n - 2)],
        scan=lambda n: (
            [b"", b"no image"] + [png(np.full((4, 4, 3), k % 256, np.uint8)) for k in range(n - 2)]
        ),
    )
    assert types == {"vector": "embedding", "photo": "image", "scan": "image"}
    assert monitor.content["vector"].dimension == 24


@pytest.mark.parametrize("numbers", [3, 15])
def test_few_numbers_are_features_of_their_own(service, numbers):
    rng = np.random.default_rng(0)
    types, monitor = with_columns(service, scores_of=lambda n: rng.normal(size=(n, numbers)).tolist())
    assert not types
    assert "scores_of[0]" in monitor.features


def test_some_damaged_values_change_nothing(service):
    rng = np.random.default_rng(0)

    def vectors(n):
        of_another_model = rng.normal(size=(n, 48)).tolist()[: n // 20]
        return [*of_another_model, *rng.normal(size=(n, 24)).tolist()[n // 20 :]]

    def stray(values, *others):
        return [*others, *values[len(others) :]]

    def pictures(n):
        return [png(np.full((4, 4, 3), k % 256, np.uint8)) for k in range(n)]

    types, monitor = with_columns(
        service,
        vector=vectors,
        photo=lambda n: stray([f"2024/{number:05}.jpg" for number in range(n)], "/etc/passwd", "n/a"),
        scan=lambda n: stray(pictures(n), b"", b"no image"),
        packed=lambda n: stray([base64.b64encode(each).decode() for each in pictures(n)], "", "?"),
    )
    assert types == {"vector": "embedding", "photo": "image", "scan": "image", "packed": "image"}
    assert monitor.content["vector"].dimension == 24


def test_what_images_are_recognised_by_are_images(service):
    paths = ["/etc/passwd", "n/a", *(f"{number}.jpg" for number in range(98))]
    service.log(place="logs/{day}.parquet", change=lambda frame: frame.assign(photo=paths))
    (photo,) = [each for each in drafted(service).features if each.name == "photo"]
    assert photo.seen == "files of images: 0.jpg, 1.jpg, …, none missing"


def test_lists_of_any_length_are_no_vectors(service):
    rng = np.random.default_rng(0)
    types, _ = with_columns(
        service, clicked=lambda n: [rng.normal(size=rng.integers(16, 40)).tolist() for _ in range(n)]
    )
    assert not types
