"""Vectors that an encoder of MLflow's registry makes, against scikit-learn's own on the same values."""

import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.random_projection import GaussianRandomProjection

from obs_dagster.content.embedding.encoder import Encoder, EncoderError
from obs_dagster.errors import ObsError
from obs_dagster.evaluation.typical import typical_rows
from obs_dagster.lineage.columns import lineage
from obs_dagster.lineage.naming import Name
from obs_dagster.quality.validated import QUARANTINE
from obs_dagster.sources.declared import declared_types, read_types
from obs_dagster.sources.ingest import ingest_logs
from tests.unit.content.content_rows import png, sound

with warnings.catch_warnings():
    # of its own type hints
    warnings.simplefilter("ignore")
    import mlflow.pyfunc

    class Texts(mlflow.pyfunc.PythonModel):
        """Latent semantic analysis; counts the texts that it was asked about."""

        def __init__(self, pipeline, *, asked=None, broken=""):
            self.pipeline, self.asked, self.broken = pipeline, asked, broken

        def predict(self, context, model_input, params=None):  # noqa: ARG002  as MLflow calls it
            texts = model_input.iloc[:, 0] if isinstance(model_input, pd.DataFrame) else model_input
            if self.asked is not None:
                with Path(self.asked).open("a", encoding="utf-8") as file:
                    file.write("".join(f"{each}\n" for each in texts))
            found = self.pipeline.transform(texts)
            if self.broken:
                found[[self.broken in each for each in texts]] = np.nan
            return found

    class Pixels(mlflow.pyfunc.PythonModel):
        """A random projection of pixels."""

        def __init__(self, projection):
            self.projection = projection

        def predict(self, context, model_input, params=None):  # noqa: ARG002  as MLflow calls it
            return self.projection.transform(model_input.reshape(len(model_input), -1) / 255)


DIMENSION = 6
SIDE = 8


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """The URI of a registry with encoders, and what these are made of."""
    root = tmp_path_factory.mktemp("registry")
    uri = f"sqlite:///{root / 'mlflow.db'}"
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    experiment = mlflow.create_experiment("encoders", artifact_location=(root / "artifacts").as_uri())
    pipeline = make_pipeline(TfidfVectorizer(), TruncatedSVD(DIMENSION, random_state=0)).fit(
        sound("text", 200)
    )
    projection = GaussianRandomProjection(DIMENSION, random_state=0).fit(np.zeros((1, SIDE * SIDE * 3)))
    text = ModelSignature(inputs=Schema([ColSpec("string", "sentence")]))
    image = ModelSignature(inputs=Schema([TensorSpec(np.dtype("uint8"), (-1, SIDE, SIDE, 3))]))
    asked = root / "asked.txt"
    models = {
        "sentences": (Texts(pipeline, asked=asked), text),
        "unsigned": (Texts(pipeline), None),
        "gaps": (Texts(pipeline, broken="zzz"), text),
        "pixels": (Pixels(projection), image),
    }
    # named, and not set: another test's runs would be of it, too
    with warnings.catch_warnings(), mlflow.start_run(experiment_id=experiment):
        # about type hints and requirements, which these models do without
        warnings.simplefilter("ignore")
        for name, (model, signature) in models.items():
            mlflow.pyfunc.log_model(
                name=name,
                python_model=model,
                registered_model_name=name,
                signature=signature,
                pip_requirements=[],
            )
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri("")
    return uri, pipeline, projection, asked


@pytest.fixture(autouse=True)
def reached(registry, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry[0])
    registry[3].write_text("", encoding="utf-8")


def features(encoder="models:/sentences/1", of="text", **keys):
    content = {"type": of} | ({"stored_as": "bytes"} if of == "image" else {})
    vector = {
        "type": "embedding",
        "dimension": DIMENSION,
        "of": "what",
        "encoder": encoder,
        "trust": "pickle",
    }
    return {"temp": {"type": "number"}, "what": content, "vector": {**vector, **keys}}


def ingested(world, day, values):
    rows = world.rows(day, len(values)).assign(what=pd.Series(values, dtype=object))
    world.log(day, rows)
    ingest_logs(world.monitor, day, world.lake)
    found = world.lake.table("small", "inference_logs")
    return found.read(day).to_pandas().set_index("id").loc[rows["id"]], found.manifest(day)


@pytest.mark.parametrize("name", ["sentences", "unsigned"])
def test_vectors_of_texts_are_those_of_the_encoder(small, day, registry, name):
    world = small(features=features(f"models:/{name}/1"), segments=[], labels=None)
    texts = sound("text", 300)
    rows, manifest = ingested(world, day, texts)
    expected = registry[1].transform(texts)
    assert np.array(rows["vector"].tolist()) == pytest.approx(expected, abs=1e-5)
    assert rows["vector_norm"].to_numpy() == pytest.approx(np.linalg.norm(expected, axis=1), rel=1e-4)
    assert manifest["encoders"] == {"vector": f"models:/{name}/1"}
    assert rows["what_words"].notna().all()


def test_a_text_that_occurs_often_is_encoded_once(small, day, registry):
    world = small(features=features(), segments=[], labels=None)
    texts = [f"{each} once" for each in sound("text", 40, seed=9)]
    ingested(world, day, texts * 80)
    asked = registry[3].read_text(encoding="utf-8").splitlines()
    assert sorted(asked) == sorted(set(texts))


def test_vectors_of_images_are_those_of_the_encoder(small, day, registry):
    world = small(features=features("models:/pixels/1", "image"), segments=[], labels=None)
    pixels = np.random.default_rng(0).integers(0, 256, (20, SIDE, SIDE, 3), np.uint8)
    rows, _ = ingested(world, day, [*map(png, pixels), b"no image"])
    expected = registry[2].transform(pixels.reshape(20, -1) / 255)
    assert np.array(rows["vector"].tolist()[:-1]) == pytest.approx(expected, abs=1e-4)
    assert rows["vector"].isna().tolist() == [False] * 20 + [True]


def test_what_has_no_text_has_no_vector(small, day):
    world = small(features=features(), segments=[], labels=None)
    rows, _ = ingested(world, day, [None, "", "  \n", "the parcel"])
    assert rows["vector"].isna().tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"encoder": "models:/sentences/7"}, "cannot be loaded"),
        ({"encoder": "models:/nobody/1"}, "cannot be loaded"),
        ({"dimension": DIMENSION + 1}, rf"vectors of {DIMENSION} numbers.*Write `dimension: {DIMENSION}`"),
    ],
)
def test_an_encoder_that_is_not_as_declared_is_an_error(small, day, keys, said):
    world = small(features=features(**keys), segments=[], labels=None)
    with pytest.raises(EncoderError, match=said):
        ingested(world, day, ["the parcel"])
    # nothing of the day is kept
    assert not world.lake.table("small", "inference_logs").path(day).exists()
    world.write("training/1.parquet", world.rows(day, 200).assign(what=sound("text", 200)))
    with pytest.raises(ObsError, match=said):
        world.night(day)


def test_a_registry_that_is_gone_is_an_error(small, day, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    world = small(features=features("models:/away/1"), segments=[], labels=None)
    with pytest.raises(EncoderError, match=r"MLflow|127\.0\.0\.1"):
        ingested(world, day, ["the parcel"])


def test_an_encoder_that_asks_for_another_form_is_an_error():
    encoder = Encoder("models:/pixels/1", DIMENSION, "text")
    with pytest.raises(EncoderError, match="fails"):
        encoder.encoded(pa.array(["the parcel"]))


def test_a_night_compares_the_vectors_and_shows_the_furthest_texts(small, day):
    world = small(features=features("models:/gaps/1"), segments=[], labels=None)
    world.write("training/1.parquet", world.rows(day, 400, seed=5).assign(what=sound("text", 400, 5)))
    texts = sound("text", 200)
    texts[3] = "terrible zzz"
    log = world.rows(day, 200).assign(what=texts)
    world.log(day, log)
    records = world.night(day)
    drift = {each.column for each in records if each.metric == "psi" and each.value is not None}
    assert {"vector_norm", "vector_p00", "vector_cluster", "vector_distance"} <= drift
    quarantined = world.lake.table("small", QUARANTINE).read(day).to_pylist()
    assert [(each["id"], each["_obs_rules"]) for each in quarantined] == [
        (log["id"].iloc[3], ["vector has numbers that are not finite"])
    ]
    shown = [each for each in typical_rows(world.monitor, day, world.lake) if each.column == "vector"]
    assert shown
    assert all(each.texts["what"] in texts for each in shown)


def test_vectors_of_another_encoder_are_not_compared(small, day):
    world = small(features=features("models:/sentences/1"), segments=[], labels=None)
    world.write("training/1.parquet", world.rows(day, 400, seed=5).assign(what=sound("text", 400, 5)))
    world.log(day, world.rows(day, 50).assign(what=sound("text", 50)))
    world.night(day)
    other = small(features=features("models:/unsigned/1"), segments=[], labels=None)
    with pytest.raises(EncoderError, match="nothing to do with them"):
        other.night(day)


def test_the_model_has_not_read_the_vectors(small):
    monitor = small(features=features(), segments=[], labels=None).monitor
    assert monitor.inputs == ("temp", "what")


def test_vectors_are_made_of_the_texts_and_no_column_of_the_log(small):
    monitor = small(features=features(), segments=[], labels=None).monitor
    found = lineage(monitor, Name("file", "/logs")).fields
    assert [each.field for each in found["vector"].inputFields] == ["what"]
    assert "vector" not in read_types(monitor)
    assert "vector" in declared_types(monitor)
