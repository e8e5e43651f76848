"""What images are described by, against Pillow, SciPy and what was done to them."""

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter
from scipy.ndimage import laplace
from sklearn.datasets import load_sample_images

from obs_dagster.content.image.pixels import BrokenImageError, looks_of
from obs_dagster.content.protocol import fault_column
from obs_dagster.lake.lake import replacing
from obs_dagster.sources.ingest import ingest_logs


def encoded(pixels, kind="PNG", **options) -> bytes:
    found = io.BytesIO()
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(found, kind, **options)
    return found.getvalue()


def picture(seed=0, size=(24, 32)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


@pytest.fixture(scope="module")
def photos():
    return [Image.fromarray(each) for each in load_sample_images().images]


def test_numbers_are_those_of_the_pixels():
    pixels = picture()
    found = looks_of(encoded(pixels))
    luma = pixels / 255 @ np.array([0.299, 0.587, 0.114])
    assert (found.format, found.width, found.height) == ("PNG", 32, 24)
    assert found.brightness == pytest.approx(luma.mean(), abs=1e-5)
    assert found.contrast == pytest.approx(luma.std(), abs=1e-5)
    assert (found.red, found.green, found.blue) == pytest.approx(pixels.mean(axis=(0, 1)) / 255, abs=1e-5)
    assert found.saturation == pytest.approx(np.ptp(pixels, axis=2).mean() / 255, abs=1e-5)
    # SciPy's Laplacian has the other sign, and mirrors what is beyond the edges
    assert found.sharpness == pytest.approx(laplace(255 * luma)[1:-1, 1:-1].var(), rel=1e-4)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_formats_are_told(kind):
    assert looks_of(encoded(picture(), kind)).format == kind


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_has_its_numbers(mode):
    image = Image.fromarray(picture()).convert("L" if mode in ("I;16", "F", "LA") else "RGB").convert(mode)
    found = looks_of(encoded(image, "TIFF"))
    assert 0 < found.brightness < 1
    assert np.isfinite(found.sharpness)


def test_what_is_transparent_is_white():
    assert looks_of(encoded(np.zeros((8, 8, 4), np.uint8))).brightness == pytest.approx(1)


def test_blur_and_swapped_channels_show(photos):
    for photo in photos:
        sound = looks_of(encoded(photo))
        blurred = looks_of(encoded(photo.filter(ImageFilter.GaussianBlur(6))))
        swapped = looks_of(encoded(Image.merge("RGB", photo.split()[::-1])))
        assert blurred.sharpness < sound.sharpness / 3
        assert swapped.warmth == pytest.approx(-sound.warmth, abs=1e-6)
        assert blurred.brightness == pytest.approx(sound.brightness, abs=0.01)


def test_pictures_that_look_the_same_share_a_fingerprint(photos):
    one, other = photos
    smaller = one.resize((one.width // 2, one.height // 2))
    fingerprints = [looks_of(encoded(each)).fingerprint for each in (one, smaller, other)]
    assert (fingerprints[0] ^ fingerprints[1]).bit_count() <= 1
    assert (fingerprints[0] ^ fingerprints[2]).bit_count() > 10
    assert looks_of(encoded(one, "JPEG", quality=90)).fingerprint == pytest.approx(fingerprints[0])


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", encoded(picture())[:200], encoded(picture(), "JPEG")[:300], b"%!PS-Adobe-3.0 EPSF"],
)
def test_broken_images_are_said_to_be(content):
    with pytest.raises(BrokenImageError):
        looks_of(content)


def test_an_image_that_claims_too_many_pixels_is_not_decoded():
    claims = bytearray(encoded(np.zeros((4, 4), np.uint8), "BMP"))
    claims[18:26] = (60_000).to_bytes(4, "little") * 2
    with pytest.raises(BrokenImageError, match="pixels"):
        looks_of(bytes(claims))


@pytest.fixture
def described(small, day):
    """Ingests values of a day; gives their rows in the lake."""

    def make(values, **keys):
        world = small(features={"photo": {"type": "image", **keys}}, segments=[])
        rows = world.rows(day, len(values)).assign(photo=pd.Series(values, dtype=object))
        world.log(day, rows)
        ingest_logs(world.monitor, day, world.lake)
        table = world.lake.table("small", "inference_logs").read(day).to_pandas()
        return table.set_index("id").loc[rows["id"]]

    return make


def test_bytes_base64_and_paths_are_described_alike(described, small, tmp_path):
    contents = [encoded(picture(seed)) for seed in (0, 1, 0)]
    (tmp_path / "photos" / "a").mkdir(parents=True)
    for place, content in enumerate(contents):
        (tmp_path / "photos" / "a" / f"{place}.png").write_bytes(content)
    texts = [base64.b64encode(each).decode() for each in contents]
    found = [
        described(contents, stored_as="bytes"),
        described(["data:image/png;base64," + texts[0], *texts[1:]], stored_as="base64"),
        described([f"a/{place}.png" for place in range(3)], folder="photos"),
    ]
    columns = [name for name in found[0] if name.startswith("photo_")]
    assert len(columns) == 14
    for each in found:
        assert each[columns].reset_index(drop=True).equals(found[0][columns].reset_index(drop=True))
    assert found[0]["photo_repeated"].tolist() == [True, False, True]
    assert found[0]["photo_bytes"].tolist() == [len(each) for each in contents]
    assert found[0]["photo_aspect"].tolist() == pytest.approx([4 / 3] * 3)


def test_paths_start_in_the_folder_of_the_log_and_do_not_leave_it(described, tmp_path):
    (tmp_path / "logs").mkdir()
    (tmp_path / "secret.png").write_bytes(encoded(picture()))
    (tmp_path / "logs" / "sound.png").write_bytes(encoded(picture()))
    (tmp_path / "logs" / "cut.png").write_bytes(encoded(picture())[:100])
    (tmp_path / "logs" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "logs" / "folder.png").mkdir()
    values = {
        "sound.png": None,
        "cut.png": "corrupt",
        "none.png": "absent",
        "folder.png": "absent",
        "../secret.png": "outside",
        str(tmp_path / "secret.png"): "outside",
        "link.png": "outside",
        "s3://bucket/x.png": "outside",
        "a\\b.png": "outside",
        "": "absent",
    }
    faults = described(list(values))[fault_column("photo")]
    assert [each.partition(":")[0] if isinstance(each, str) else None for each in faults] == list(
        values.values()
    )


def test_images_in_a_bucket_are_read(bucket, small_in, day):
    world = small_in(bucket, features={"photo": {"type": "image", "folder": f"{bucket}/photos"}}, segments=[])
    with replacing(bucket / "photos" / "a.png") as aside:
        aside.write_bytes(encoded(picture()))
    world.log(day, world.rows(day, 2).assign(photo=["a.png", "none.png"]))
    ingest_logs(world.monitor, day, world.lake)
    found = world.lake.table("small", "inference_logs").read(day)
    assert found["photo_width"].to_pylist() == [32, None]
    assert found[fault_column("photo")].to_pylist() == [None, "absent"]
