"""Modules of PyTorch: a pickled one that is trusted, and an exported graph, which holds no code."""

from tests.unit.explain.conftest import NUMERIC
from tests.unit.explain.registered_model import Registered, numeric


def _filled(rows):
    return rows.assign(**numeric(rows))


def _log(outputs, *, last=None, **settings):
    def log(rows, labels, name):
        import mlflow.models
        import mlflow.pytorch
        import numpy as np
        import torch

        torch.manual_seed(0)
        given = torch.tensor(numeric(rows).to_numpy().tolist(), dtype=torch.float32)
        layers = [torch.nn.Linear(len(NUMERIC), 8), torch.nn.Tanh(), torch.nn.Linear(8, outputs)]
        module = torch.nn.Sequential(*layers, *([last()] if last else []))
        with torch.no_grad():
            # inputs of any size: the first layer is what a fitted one is like
            module[0].weight.mul_(1 / given.std(dim=0).clamp(min=1.0))
        module.eval()
        signature = mlflow.models.infer_signature(numeric(rows))
        more = (
            {"input_example": np.asarray(given[:4])} if settings.get("serialization_format") == "pt2" else {}
        )
        return mlflow.pytorch.log_model(
            module, name=name, signature=signature, pip_requirements=["torch"], **settings, **more
        )

    return log


def _sigmoid():
    import torch

    return torch.nn.Sigmoid()


_OF = {"features": tuple(NUMERIC), "trust": "pickle", "prepare": _filled}

MODELS = {
    "probability": Registered("score", _log(1, last=_sigmoid, serialization_format="pickle"), **_OF),
    "logit": Registered("score", _log(1, serialization_format="pickle"), **_OF),
    "two logits": Registered("score", _log(2, serialization_format="pickle"), **_OF),
    "number": Registered("number", _log(1, serialization_format="pickle"), **_OF),
    "classes": Registered("classes", _log(3, serialization_format="pickle"), exact=False, **_OF),
}
