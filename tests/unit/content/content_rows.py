"""Values of each content type: sound ones, and one that is broken."""

import io
from typing import Any

import numpy as np
from PIL import Image

DIMENSION = 8
WORDS = ("the", "parcel", "arrived", "late", "because", "weather", "was", "terrible", "again", "today")


def keys(kind: str) -> dict[str, Any]:
    """What a monitor says of a column."""
    return {"type": kind} | {"embedding": {"dimension": DIMENSION}, "image": {"stored_as": "bytes"}}.get(
        kind, {}
    )


def sound(kind: str, n: int, seed: int = 0) -> list[Any]:
    """Values that are as they should be."""
    rng = np.random.default_rng(seed)
    if kind == "text":
        return [" ".join(rng.choice(WORDS, 12)) + "." for _ in range(n)]
    if kind == "embedding":
        return rng.normal(size=(n, DIMENSION)).astype(np.float32).tolist()
    if kind == "image":
        return [png(rng.integers(0, 256, (9, 12, 3), np.uint8)) for _ in range(n)]
    raise LookupError(f"say here what values of {kind} are like")


def broken(kind: str) -> Any:
    """A value that cannot be used."""
    return {"text": " ", "embedding": [float("nan")] * DIMENSION, "image": b"no image"}[kind]


def png(pixels: np.ndarray) -> bytes:
    found = io.BytesIO()
    Image.fromarray(pixels).save(found, "PNG")
    return found.getvalue()
