"""The worlds: documentation of packages, its vectors, and pictures of digits and of photos."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.content.corpus import german, paragraphs
from bench.content.world import Values, World, some

#: What texts are about, and how much of a day; the last is a topic that nobody knew.
_TOPICS = {"scipy": 0.4, "pandas": 0.3, "sqlalchemy": 0.2, "mlflow": 0.1}
_NEW = "matplotlib"
#: How alike days are: a topic of 40 % has between 34 and 46 % of a day, as a rule.
_ALIKE = 250.0
_DIMENSION = 384
_SIDE = 32
#: Parts of each photo that nights of a pool are drawn from.
_PARTS = 6_000


def worlds() -> Mapping[str, Callable[[], World]]:
    """Each world by its name, made when it is asked for."""
    return {"texts": texts, "embeddings": embeddings, "images": images}


def pools(world: str) -> list[tuple[float, Values]]:
    """What the values of a world are drawn from: of each kind its share of a day, and its values."""
    if world == "images":
        chance = np.random.default_rng(0)
        digits = [encoded(_in_colour(each)) for each in _digits()]
        crops = [[encoded(_part(photo, chance)) for _ in range(_PARTS)] for photo in _photos()]
        return [(0.5, digits), *((0.5 / len(crops), each) for each in crops)]
    of = paragraphs if world == "texts" else _vectors().__getitem__
    return [(share, list(of(topic))) for topic, share in _TOPICS.items()]


def texts() -> World:
    """Paragraphs of documentation."""
    return World(
        "texts",
        "paragraphs from the documentation of SciPy, pandas, SQLAlchemy and MLflow, whose shares differ from "
        "day to day",
        {"type": "text"},
        _drawn_by_topic(lambda: {each: list(paragraphs(each)) for each in _TOPICS}),
        {
            "10 % in another language": some(0.10, lambda _, chance: _one_of(german(2_000), chance)),
            "5 % in another language": some(0.05, lambda _, chance: _one_of(german(2_000), chance)),
            "a new topic of 10 %": some(0.10, lambda _, chance: _one_of(paragraphs(_NEW), chance)),
            "a new topic of 5 %": some(0.05, lambda _, chance: _one_of(paragraphs(_NEW), chance)),
            "cut off after 100 characters": some(1.0, lambda text, _: text[:100]),
            "a tenth cut off after 60 characters": some(0.1, lambda text, _: text[:60]),
            "a tenth in capital letters": some(0.1, lambda text, _: text.upper()),
            "a tenth with an address": some(0.1, lambda text, _: f"{text} Ask ann@example.org."),
            "a tenth sent twice": _twice(0.1),
        },
    )


def embeddings() -> World:
    """Vectors of the same paragraphs."""
    return World(
        "embeddings",
        f"vectors of {_DIMENSION} numbers of the same paragraphs (latent semantic analysis)",
        {"type": "embedding", "dimension": _DIMENSION},
        _drawn_by_topic(lambda: {each: list(_vectors()[each]) for each in _TOPICS}),
        {
            "a new topic of 10 %": some(0.10, lambda _, chance: _one_of(_vectors()[_NEW], chance)),
            "a new topic of 5 %": some(0.05, lambda _, chance: _one_of(_vectors()[_NEW], chance)),
            "a topic lost": _without("scipy"),
            "another encoder: rotated": some(1.0, lambda vector, _: _rotated(vector)),
            "not normalised any more": some(1.0, lambda vector, chance: vector * chance.uniform(0.5, 2)),
            "a tenth the same vector": some(0.1, lambda vector, _: np.ones_like(vector)),
        },
    )


def images() -> World:
    """Pictures of digits and of parts of photos."""
    return World(
        "images",
        "pictures of 32 by 32 pixels: digits, and parts of two photos",
        {"type": "image", "stored_as": "bytes"},
        lambda number, chance: [encoded(_picture(chance)) for _ in range(number)],
        {
            "blurred": some(1.0, lambda content, _: _changed(content, _blurred)),
            "a tenth blurred": some(0.1, lambda content, _: _changed(content, _blurred)),
            "channels swapped": some(1.0, lambda content, _: _changed(content, _swapped)),
            "a tenth with channels swapped": some(0.1, lambda content, _: _changed(content, _swapped)),
            "a new subject of 10 %": some(0.10, lambda _, chance: encoded(_noise(chance))),
            "a new subject of 5 %": some(0.05, lambda _, chance: encoded(_noise(chance))),
            "a tenth darker": some(0.1, lambda content, _: _changed(content, lambda each: each // 2)),
            "a tenth as JPEG": some(0.1, lambda content, _: _changed(content, lambda each: each, "JPEG")),
            "a tenth the same picture": some(
                0.1, lambda _, __: encoded(np.full((_SIDE, _SIDE, 3), 128, np.uint8))
            ),
            "6 % cut off": some(0.06, lambda content, _: content[: len(content) // 2]),
        },
    )


def _drawn_by_topic(
    pools: Callable[[], Mapping[str, Values]],
) -> Callable[[int, np.random.Generator], Values]:
    """Values of topics whose shares differ from day to day."""

    def drawn(number: int, chance: np.random.Generator) -> Values:
        of = list(pools().values())
        shares = chance.dirichlet(_ALIKE * np.array(list(_TOPICS.values())))
        return [_one_of(of[topic], chance) for topic in chance.choice(len(of), number, p=shares)]

    return drawn


def _one_of(pool: Any, chance: np.random.Generator) -> Any:
    return pool[int(chance.integers(len(pool)))]


def _twice(share: float) -> Callable[[Values, np.random.Generator], Values]:
    """Some values stand in the place of others, too."""

    def happen(values: Values, chance: np.random.Generator) -> Values:
        hit = np.flatnonzero(chance.uniform(size=len(values)) < share)
        found = list(values)
        for place in hit:
            found[place] = values[int(chance.integers(len(values)))]
        return found

    return happen


def _without(topic: str) -> Callable[[Values, np.random.Generator], Values]:
    """Values of other topics in the place of one."""

    def happen(values: Values, chance: np.random.Generator) -> Values:
        lost = {each.tobytes() for each in _vectors()[topic]}
        kept = [each for each in values if each.tobytes() not in lost]
        return [_one_of(kept, chance) for _ in values]

    return happen


@cache
def _vectors() -> dict[str, NDArray[np.float32]]:
    """The vector of each paragraph, by topic."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    known = [text for topic in _TOPICS for text in paragraphs(topic)]
    counted = TfidfVectorizer(sublinear_tf=True, min_df=2).fit([*known, *paragraphs(_NEW)])
    found = TruncatedSVD(_DIMENSION, algorithm="randomized", random_state=0).fit(
        counted.transform([*known, *paragraphs(_NEW)])
    )
    return {
        topic: normalize(found.transform(counted.transform(paragraphs(topic)))).astype(np.float32)
        for topic in (*_TOPICS, _NEW)
    }


@cache
def _rotation() -> NDArray[np.float32]:
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(_DIMENSION, _DIMENSION)))
    return q.astype(np.float32)


def _rotated(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector @ _rotation()


@cache
def _photos() -> list[NDArray[np.uint8]]:
    from sklearn.datasets import load_sample_images

    return list(load_sample_images().images)


@cache
def _digits() -> NDArray[np.uint8]:
    from sklearn.datasets import load_digits

    return (load_digits().images * (255 / 16)).astype(np.uint8)


def _picture(chance: np.random.Generator) -> NDArray[np.uint8]:
    if chance.uniform() < 0.5:
        return _in_colour(_one_of(_digits(), chance))
    return _part(_one_of(_photos(), chance), chance)


def _in_colour(digit: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(np.kron(digit, np.ones((4, 4), np.uint8))[:, :, None], 3, axis=2)


def _part(photo: NDArray[np.uint8], chance: np.random.Generator) -> NDArray[np.uint8]:
    top, left = (int(chance.integers(size - _SIDE)) for size in photo.shape[:2])
    found: NDArray[np.uint8] = photo[top : top + _SIDE, left : left + _SIDE]
    return found


def _noise(chance: np.random.Generator) -> NDArray[np.uint8]:
    return chance.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)


def encoded(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """The bytes of an image of pixels."""
    from PIL import Image

    found = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(found, kind)
    return found.getvalue()


def _changed(
    content: bytes, change: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], kind: str = "PNG"
) -> bytes:
    from PIL import Image

    return encoded(change(np.asarray(Image.open(io.BytesIO(content)))), kind)


def _blurred(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(1.5)))


def _swapped(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels[:, :, ::-1]
