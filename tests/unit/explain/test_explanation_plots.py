import io
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from obs_dagster.explain.explanation import Explanation
from obs_dagster.explain.plots import bar_png, beeswarm_png


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
    return Explanation(values, -1.5, tuple(features), data[list(features)], 1e-12, "log-odds", "test")


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
        np.zeros_like(nothing.shap_values), 0.0, nothing.features, nothing.data, 0.0, "log-odds", "x"
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
            only.shap_values[:, [column]], 0, (feature,), only.data[[feature]], 0, "log-odds", "x"
        )
        image = pixels(beeswarm_png(one))
        body = image[:, : int(image.shape[1] * 0.85), :3]  # without the colour bar
        return (body.max(axis=2) - body.min(axis=2)).max() > 0.3

    assert colourful("hour")
    assert not colourful("carrier")
    assert not colourful("pressure")


def test_importance_is_the_mean_absolute_value():
    explanation = make_explanation()
    assert explanation.importance()["carrier"] == pytest.approx(np.abs(explanation.shap_values[:, 1]).mean())


def test_the_table_survives_parquet(tmp_path):
    explanation = make_explanation()
    pq.write_table(explanation.to_table(), tmp_path / "shap.parquet")
    table = pq.read_table(tmp_path / "shap.parquet")
    assert table.column_names == ["row", "hour", "carrier", "pressure", "constant"]
    assert table["row"].to_pylist()[:2] == ["id-0", "id-1"]
    np.testing.assert_array_equal(table["hour"].to_numpy(), explanation.shap_values[:, 0])
    about = json.loads(table.schema.metadata[b"explanation"])
    assert about == {"base_value": -1.5, "residual": 1e-12, "unit": "log-odds", "method": "test"}


def test_a_feature_cannot_take_the_id_columns_name():
    values = make_explanation()
    data = values.data.rename(columns={"hour": "row"})
    clash = Explanation(values.shap_values, 0, tuple(data.columns), data, 0, "log-odds", "x")
    with pytest.raises(ValueError, match="'row'"):
        clash.to_table()
