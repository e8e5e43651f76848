import io
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.plots import _ramp, bar_png, beeswarm_png


def explanation(values, data, *, base_value=0.0, residual=0.0):
    return Explanation(
        values, base_value, tuple(data.columns), data, residual, unit="log-odds", method="test", settled=True
    )


def make_explanation(n=40, features=("hour", "carrier", "pressure", "constant")):
    draw = np.random.default_rng(3)
    data = pd.DataFrame(
        {
            "hour": draw.integers(0, 24, n),
            "carrier": draw.choice(["UA", "AA"], n),
            "pressure": np.full(n, np.nan),
            "constant": np.ones(n),
        },
        index=[f"id-{row}" for row in range(n)],
    )
    for extra in features[4:]:
        data[extra] = draw.normal(size=n)
    values = draw.normal(size=(n, len(features))) * np.arange(len(features), 0, -1)
    return Explanation(
        values, -1.5, tuple(features), data[list(features)], 1e-12, "log-odds", "test", settled=True
    )


def pixels(png):
    from matplotlib.image import imread

    return imread(io.BytesIO(png))


@pytest.mark.parametrize("plot", [bar_png, beeswarm_png])
@pytest.mark.parametrize("n", [1, 2, 40])
def test_plots_are_images_whatever_the_sample(plot, n):
    image = pixels(plot(make_explanation(n)))
    assert image.shape[1] > 600
    assert image[:, :, :3].std() > 0.05  # something is drawn


@pytest.mark.parametrize("plot", [bar_png, beeswarm_png])
def test_many_features_and_constant_values_are_drawn(plot):
    many = make_explanation(20, ("hour", "carrier", "pressure", "constant", *(f"f{i}" for i in range(30))))
    nothing = make_explanation(5)
    flat = Explanation(
        np.zeros_like(nothing.shap_values),
        0.0,
        nothing.features,
        nothing.data,
        0.0,
        "log-odds",
        "x",
        settled=True,
    )
    assert pixels(plot(many)).shape[0] > pixels(plot(flat)).shape[0]


@pytest.mark.parametrize("plot", [bar_png, beeswarm_png])
def test_plots_leave_no_trace(plot):
    import matplotlib.pyplot as plt

    np.random.seed(5)  # noqa: NPY002 (the global generator is what must not change)
    expected = np.random.default_rng  # the new generators are not affected
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    backend = plt.get_backend()
    plot(make_explanation())
    assert plt.get_fignums() == []
    assert plt.get_backend() == backend
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert np.random.default_rng is expected


def test_a_beeswarm_is_the_same_every_time():
    assert beeswarm_png(make_explanation()) == beeswarm_png(make_explanation())


def test_a_beeswarm_colours_numbers_and_leaves_categories_grey():
    def colourful(feature):
        only = make_explanation()
        column = only.features.index(feature)
        one = Explanation(
            only.shap_values[:, [column]],
            0,
            (feature,),
            only.data[[feature]],
            0,
            "log-odds",
            "x",
            settled=True,
        )
        image = pixels(beeswarm_png(one))
        body = image[:, : int(image.shape[1] * 0.85), :3]  # without the colour bar
        return (body.max(axis=2) - body.min(axis=2)).max() > 0.3

    assert colourful("hour")
    assert not colourful("carrier")
    assert not colourful("pressure")


def test_importance_is_the_mean_absolute_value():
    made = make_explanation()
    assert made.importance()["carrier"] == pytest.approx(np.abs(made.shap_values[:, 1]).mean())


def test_the_table_survives_parquet(tmp_path):
    made = make_explanation()
    pq.write_table(made.to_table(), tmp_path / "shap.parquet")
    table = pq.read_table(tmp_path / "shap.parquet")
    assert table.column_names == ["row", "hour", "carrier", "pressure", "constant"]
    assert table["row"].to_pylist()[:3] == ["id-0", "id-1", "id-10"]
    np.testing.assert_array_equal(table["hour"].to_numpy()[:3], made.shap_values[[0, 1, 10], 0])
    about = json.loads(table.schema.metadata[b"explanation"])
    shares = about.pop("shares")
    assert about == {
        "base_value": -1.5,
        "residual": 1e-12,
        "unit": "log-odds",
        "method": "test",
        "settled": True,
    }
    assert sum(value for value, _, _ in shares.values()) == pytest.approx(1)
    assert all(low <= value <= high for value, low, high in shares.values())


def test_a_feature_cannot_take_the_id_columns_name():
    values = make_explanation()
    data = values.data.rename(columns={"hour": "row"})
    clash = explanation(values.shap_values, data)
    with pytest.raises(ValueError, match="'row'"):
        clash.to_table()


@pytest.mark.parametrize("plot", [bar_png, beeswarm_png])
@pytest.mark.parametrize("name", ["x" * 400, "two\nlines", "日本語", " ", "<script>"])
def test_any_name_of_a_feature_fits(plot, name):
    made = make_explanation(5)
    image = pixels(plot(explanation(made.shap_values, made.data.rename(columns={"hour": name}))))
    assert image.shape[1] == 880
    assert image[:, :, :3].std() > 0.05


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_values_of_any_size_are_drawn(factor):
    made = make_explanation(50)
    tiny = explanation(made.shap_values * factor, made.data)
    swarm, plain = pixels(beeswarm_png(tiny)), pixels(beeswarm_png(made))
    # beside the labels of the axis it is the same picture
    np.testing.assert_array_equal(swarm[:200], plain[:200])
    assert pixels(bar_png(tiny)).shape[1] == 880


def test_the_colours_are_those_of_shap():
    from shap.plots.colors import red_blue

    share = np.linspace(0, 1, 101)
    expected = np.array([red_blue(value)[:3] for value in share]) * 255
    assert np.abs(np.array(_ramp(share)) - expected).max() < 16  # of 255: nobody sees it


def test_a_bar_is_as_long_as_its_value():
    data = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    image = pixels(bar_png(explanation(np.array([[2.0, 1.0], [-2.0, -1.0]]), data)))
    pink = (np.abs(image[:, :, :3] - np.array([255, 0, 81]) / 255).max(axis=2) < 0.01).sum(axis=1)
    lengths = sorted({int(count) for count in pink if count > 200})
    assert lengths[0] / lengths[-1] == pytest.approx(0.5, abs=0.01)
