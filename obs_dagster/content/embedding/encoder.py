"""Encoders: models of MLflow's registry that make a vector of each text or image.

What an encoder puts out follows from its version and the value alone, so a value is encoded once, however
often it occurs; and vectors of two versions have nothing to do with each other, so a column is of one.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from obs_dagster.content.image.pixels import FORMATS
from obs_dagster.content.image.reading import bytes_of
from obs_dagster.content.protocol import Function
from obs_dagster.errors import ObsError
from obs_dagster.settings import Settings
from obs_dagster.telemetry.traces import span

URI = re.compile(r"models:/(?P<name>[^/@]+)/(?P<version>[0-9]+)")
"""How an encoder is named: by a version, which never changes, and by no alias, which does."""

_ENCODED: dict[str, int] = {"text": 256, "image": 32}
"""Values that a model is given at once."""
_KEPT = 64 << 20
"""Bytes of vectors that are kept for values which come again."""
_PIXELS = (3, 4)
"""Dimensions of a tensor of images: rows, columns, and channels."""


class EncoderError(ObsError):
    """An encoder cannot be loaded, or does not give what it should."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes the vectors of a column.

    Attributes:
        uri: the version of a registered model, as `models:/NAME/VERSION`.
        dimension: numbers of a vector.
        of: what the values are.
        stored_as, folder: where images are, as the monitor has it.
    """

    uri: str
    dimension: int
    of: Literal["text", "image"]
    stored_as: Literal["path", "bytes", "base64"] = "path"
    folder: str = ""

    @property
    def function(self) -> Function:
        """The function of SQL that gives a value's vector; null for null, nothing, and what is no image."""
        told = hashlib.sha256(repr(self).encode()).hexdigest()[:16]
        takes = "BLOB" if (self.of, self.stored_as) == ("image", "bytes") else "VARCHAR"
        return Function(f"obs_encode_{told}", (takes,), "FLOAT[]", self.encoded)

    def encoded(self, values: Any) -> pa.Array:
        """The vectors of values, each distinct one encoded once.

        Raises:
            EncoderError: the model is not there, fails, or gives something else than a vector for each.
        """
        given = values.to_pylist()
        known = _known(self)
        lacking = [each for each in dict.fromkeys(given) if each is not None and each not in known]
        found: dict[Any, NDArray[np.float32] | None] = {each: known[each] for each in given if each in known}
        for start in range(0, len(lacking), _ENCODED[self.of]):
            found |= self._made(lacking[start : start + _ENCODED[self.of]])
        known.keep({each: found[each] for each in lacking})
        vectors = [None if each is None else found[each] for each in given]
        return pa.array(vectors, pa.list_(pa.float32()))

    def _made(self, values: Sequence[Any]) -> dict[Any, NDArray[np.float32] | None]:
        found: dict[Any, NDArray[np.float32] | None] = dict.fromkeys(values)
        contents = {each: self._content(each) for each in values}
        given = {each: content for each, content in contents.items() if content}
        if given:
            vectors = _vectors(_loaded(self.uri), list(given.values()), self)
            found |= dict(zip(given, vectors, strict=True))
        return found

    def _content(self, value: Any) -> str | bytes | None:
        """What the model is given; None, or nothing, of what it cannot be asked about."""
        if self.of == "text":
            return str(value) if value.strip() else None
        content = bytes_of(value, self.stored_as, self.folder)
        return content if content and _is_image(content) else None


class _Kept:
    """Vectors of the values that were met last, as many as there is room for."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._vectors: OrderedDict[Any, NDArray[np.float32] | None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, value: Any) -> bool:
        return value in self._vectors

    def __getitem__(self, value: Any) -> NDArray[np.float32] | None:
        return self._vectors[value]

    def keep(self, found: dict[Any, NDArray[np.float32] | None]) -> None:
        with self._lock:
            self._vectors |= found
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)


@lru_cache(maxsize=8)
def _known(encoder: Encoder) -> _Kept:
    return _Kept(max(1, _KEPT // (4 * encoder.dimension)))


@dataclass(frozen=True)
class _Model:
    """A loaded model: what it is given for values, and what it gives."""

    ask: Callable[[Sequence[Any]], Any]
    alone: Lock


@lru_cache(maxsize=4)
def _loaded(uri: str) -> _Model:
    """The model of a version; loaded once per process, for a version never changes."""
    with warnings.catch_warnings():
        # of its own type hints
        warnings.filterwarnings("ignore", message=".*type hint", category=UserWarning)
        import mlflow.pyfunc

    from obs_dagster.mlflow_reach.answer import require_mlflow
    from obs_dagster.mlflow_reach.database import make_ready
    from obs_dagster.mlflow_reach.waiting import limit_waiting

    tracking = Settings().mlflow_uri
    limit_waiting()
    try:
        require_mlflow(tracking)
        make_ready(tracking)
    except ObsError as error:
        raise EncoderError(
            f"The encoder {uri} cannot be fetched: {error.message}",
            remedy="Run the day again once MLflow answers; what was evaluated before stays as it was.",
        ) from error
    were = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    try:
        mlflow.set_tracking_uri(tracking)
        mlflow.set_registry_uri(tracking)
        with span("mlflow download", service="mlflow", call="download_artifacts", version=uri):
            model = mlflow.pyfunc.load_model(uri)
    except Exception as error:
        raise EncoderError(
            f"The encoder {uri} cannot be loaded from the registry ({_said(error)}).",
            remedy="Check MLFLOW_TRACKING_URI, that the version exists, and that what it needs is installed.",
        ) from error
    finally:
        mlflow.set_tracking_uri(were[0])
        mlflow.set_registry_uri(were[1])
    return _Model(lambda values: model.predict(_form(model.metadata.signature, values)), Lock())


def _form(signature: Any, values: Sequence[Any]) -> Any:
    """Values as a model has declared that it takes them: a column, pixels, or else a list."""
    inputs = signature.inputs if signature is not None else None
    if inputs is None:
        return list(values)
    if inputs.is_tensor_spec():
        (spec,) = inputs.inputs
        shape = spec.shape[1:]
        if isinstance(values[0], bytes) and len(shape) + 1 in _PIXELS and -1 not in shape:
            return np.stack([_pixels(each, shape) for each in values]).astype(spec.type)
        return np.array(values, dtype=object if isinstance(values[0], bytes) else None)
    import pandas as pd

    names = inputs.input_names()
    return pd.DataFrame({names[0] if names else "value": list(values)})


def _pixels(content: bytes, shape: Sequence[int]) -> NDArray[np.uint8]:
    """An image as numbers from 0 to 255 in a shape of rows, columns, and three channels or none."""
    from PIL import Image

    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        form = image.convert("RGB" if len(shape) + 1 == max(_PIXELS) else "L")
        return np.asarray(form.resize((shape[1], shape[0]))).reshape(tuple(shape))


def _is_image(content: bytes) -> bool:
    from obs_dagster.content.image.pixels import BrokenImageError, looks_of

    try:
        looks_of(content)
    except BrokenImageError:
        return False
    return True


def _vectors(model: _Model, given: Sequence[Any], encoder: Encoder) -> NDArray[np.float32]:
    uri = encoder.uri
    try:
        # whether a model may be asked by two threads at once nobody knows
        with model.alone:
            found = model.ask(given)
        if hasattr(found, "toarray"):
            found = found.toarray()
        vectors = np.asarray(
            [*found] if isinstance(found, list) else getattr(found, "to_numpy", lambda: found)(), np.float32
        )
    except Exception as error:
        raise EncoderError(
            f"The encoder {uri} fails ({_said(error)}).",
            remedy=f"It is given {len(given)} {encoder.of}s as its signature says, or as a list if it has "
            "none, and has to give one vector for each.",
        ) from error
    if vectors.ndim != 2 or len(vectors) != len(given):  # noqa: PLR2004  rows of numbers
        raise EncoderError(
            f"The encoder {uri} gives something of shape {vectors.shape} for {len(given)} {encoder.of}s.",
            remedy="It has to give one vector for each, as rows of a matrix.",
        )
    if vectors.shape[1] != encoder.dimension:
        raise EncoderError(
            f"The encoder {uri} gives vectors of {vectors.shape[1]} numbers, and the monitor says "
            f"{encoder.dimension}.",
            remedy=f"Write `dimension: {vectors.shape[1]}`.",
        )
    return vectors


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


_RAISED = re.compile(rf"{EncoderError.__name__}: (.*)", re.DOTALL)


def encoder_failure(error: Exception) -> EncoderError | None:
    """The failure of an encoder that a query of the database ended with; None if it ended otherwise."""
    found = _RAISED.search(str(error))
    return EncoderError(" ".join(found[1].split())) if found else None
