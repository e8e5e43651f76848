"""Models that were logged with `mlflow.pytorch`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.logged_model import LoggedModel
from obs_dagster.explain.torch_module import TorchClasses, TorchModule, adapt_module

_EXPORTED, _PICKLED = "model.pt2", "model.pth"


class PyTorch:
    """Modules of PyTorch that take one matrix, where the monitor trusts who registers them.

    A pickled module is code. An exported graph (`pt2`) is none, but what reads it unpickles parts of the
    file, so it is trusted no more.
    """

    name = "pytorch"

    def adapt(self, logged: LoggedModel) -> TorchModule | TorchClasses:
        """The module in the file."""
        folder = logged.path / str(logged.flavor.get("model_data", "data"))
        if logged.trust != "pickle":
            raise ModelLoadError(
                f"{logged.place} is a module of PyTorch, which may run code when it is loaded.",
                remedy="Convert it to ONNX, or set `registry.trust: pickle` if you trust everybody who can "
                "write to the registry.",
            )
        exported = folder / _EXPORTED
        try:
            import torch
        except ImportError as error:
            raise ModelLoadError(
                f"{logged.place} needs PyTorch, which is not installed.",
                remedy="Install torch, or obs-dagster with the extra `torch`.",
            ) from error
        if exported.exists():
            module = torch.export.load(str(exported)).module()
        else:
            module = _unpickled(folder / _PICKLED)
        return adapt_module(module, puts=logged.puts, declared=logged.declared)


def _unpickled(file: Path) -> Any:
    import torch

    # a module is no set of weights: what it does is code, which the monitor trusts
    return torch.load(str(file), map_location="cpu", weights_only=False)


ADAPTER = PyTorch()
