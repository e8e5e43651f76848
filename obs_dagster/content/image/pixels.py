"""What an image looks like, in numbers; see docs/content.md for how each is defined."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "ICO", "JPEG2000", "AVIF")
"""The formats that are read, by Pillow; those that call other programs, as EPS does, are not."""
#: Pixels of an image that are too many: a few bytes may claim to be gigabytes.
_MOST_PIXELS = 100_000_000
#: Pixels of the longer side of what brightness, colours and sharpness are of; larger images are made smaller.
_SIDE = 256
#: Columns and rows of the picture that the perceptual hash compares.
_HASH = 8
#: ITU-R BT.601, as Pillow's mode L has it.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Looks:
    """What an image looks like.

    Attributes:
        format: as Pillow names it.
        width, height: in pixels.
        size: of the file, in bytes.
        brightness, contrast: mean and standard deviation of the luma, from 0 to 1.
        sharpness: variance of the Laplacian of the luma in units of 1/255 (Pech-Pacheco et al. 2000).
        red, green, blue: means of the channels, from 0 to 1.
        saturation: mean of the difference between the greatest and the least channel.
        warmth: mean of red minus blue.
        fingerprint: the difference hash of 64 bits: pictures that people take for the same share it.
    """

    format: str
    width: int
    height: int
    size: int
    brightness: float
    contrast: float
    sharpness: float
    red: float
    green: float
    blue: float
    saturation: float
    warmth: float
    fingerprint: int


class BrokenImageError(Exception):
    """Bytes are no image that can be shown; the text says why."""


def looks_of(content: bytes) -> Looks:
    """What an image looks like.

    Raises:
        BrokenImageError: it is none, is cut off, or has more pixels than anybody looks at.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=FORMATS) as image:
            warnings.simplefilter("ignore")
            kind, (width, height) = image.format or "", image.size
            if width * height > _MOST_PIXELS:
                raise BrokenImageError(f"{width} x {height} pixels")  # noqa: TRY301  one place says what is wrong
            # a JPEG is decoded no larger than it is needed
            shrunk = max(width, height) / _SIDE
            image.draft("RGB", (max(1, int(width / shrunk)), max(1, int(height / shrunk))))
            small = _small(image)
            # numpy adds up along long rows much faster than over the three numbers of a pixel
            planes = np.ascontiguousarray(np.asarray(small).transpose(2, 0, 1), np.float32) / 255
            fingerprint = _difference_hash(small)
    except BrokenImageError:
        raise
    except UnidentifiedImageError as error:
        raise BrokenImageError("no known format") from error
    except Image.DecompressionBombError as error:
        raise BrokenImageError("too many pixels") from error
    # decoders of damaged files fail in ways of their own
    except Exception as error:
        raise BrokenImageError(f"damaged or cut off ({type(error).__name__})") from error
    luma = np.tensordot(_LUMA, planes, axes=1)
    red, green, blue = (float(plane.mean()) for plane in planes)
    return Looks(
        format=kind,
        width=width,
        height=height,
        size=len(content),
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        sharpness=_sharpness(luma),
        red=red,
        green=green,
        blue=blue,
        saturation=float((np.maximum.reduce(planes) - np.minimum.reduce(planes)).mean()),
        warmth=red - blue,
        fingerprint=fingerprint,
    )


def _small(image: Image) -> Image:
    """The image in red, green and blue, no larger than looked at; transparent is white."""
    from PIL import Image as Images

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        behind = image.convert("RGBA")
        image = Images.new("RGBA", behind.size, "white")
        image.alpha_composite(behind)
    elif image.mode.startswith(("I", "F")):
        # 16 bits and floats have no common range: the least is black and the greatest white
        values = np.asarray(image, np.float32)
        low, high = float(values.min()), float(values.max())
        image = Images.fromarray(((values - low) / ((high - low) or 1) * 255).astype(np.uint8))
    found = image if image.mode == "RGB" else image.convert("RGB")
    if max(found.size) > _SIDE:
        found.thumbnail((_SIDE, _SIDE), Images.Resampling.BOX)
    return found


def _sharpness(luma: NDArray[np.floating[Any]]) -> float:
    """The variance of the Laplacian (4 in the middle, -1 around) of pixels with four neighbours."""
    if min(luma.shape) < 3:  # noqa: PLR2004  a pixel and its neighbours
        return 0.0
    middle = 4 * luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((255 * (middle - around)).var())


def _difference_hash(image: Image) -> int:
    """Whether each of 64 parts of the picture is brighter than the one on its left."""
    from PIL import Image as Images

    gray = np.asarray(image.convert("L").resize((_HASH + 1, _HASH), Images.Resampling.BOX), np.int16)
    bits = np.packbits(gray[:, 1:] > gray[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")
