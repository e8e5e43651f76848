"""A contract's file: read without trust, written as the standard has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from obs_dagster.errors import ObsError

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

MAX_BYTES = 4 * 1024 * 1024
"""Largest file of a contract."""

_VERSIONS = ("v3.",)


class ContractError(ObsError):
    """A data contract cannot be read, or does not have what was asked of it."""


def read_contract(file: Path) -> OpenDataContractStandard:
    """Read a contract of version 3 of the standard.

    Raises:
        ContractError: the file cannot be read, or is no such contract.
    """
    model = _library()
    import yaml
    from pydantic import ValidationError

    content: Any
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ContractError(f"{file} is larger than 4 MiB, which no contract is.")
        content = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{file} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{file} is no YAML: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != "DataContract":
        raise ContractError(
            f"{file} is no data contract.",
            remedy="The standard's files begin with `kind: DataContract` and `apiVersion: v3.1.0`.",
        )
    if not str(content.get("apiVersion", "")).startswith(_VERSIONS):
        raise ContractError(
            f"{file} has the version {content.get('apiVersion')!r} of the standard.",
            remedy="Version 3 is read; the standard's site says how older files are converted.",
        )
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{file}: {place}: {first['msg']}.") from None


def table_of(contract: OpenDataContractStandard, file: Path, name: str = "") -> SchemaObject:
    """One of the tables that a contract describes.

    Args:
        contract: the contract.
        file: where it was read from, for messages.
        name: its name, or its physical one; left out: the only one, or ours.

    Raises:
        ContractError: there is no such table, or there are several and none was named.
    """
    tables = contract.schema_ or []
    known = [each.name or "" for each in tables]
    wanted = name or (known[0] if len(known) == 1 else LOG)
    for each in tables:
        if wanted in (each.name, each.physicalName):
            return each
    told = f"It has {', '.join(known)}." if known else "It describes no table."
    raise ContractError(
        f"{file} has no table {wanted!r}." if name else f"{file} describes {len(known)} tables.",
        remedy=f"{told}{' Name one with --table.' if known else ''}",
    )


LOG, TRUTH = "inference_log", "ground_truth"
"""What we call the tables of a monitor."""


def _library() -> type[OpenDataContractStandard]:
    try:
        from open_data_contract_standard.model import OpenDataContractStandard
    except ImportError as error:
        raise ContractError(
            "Data contracts need the library open-data-contract-standard.",
            remedy="Install the extra `lineage`: pip install 'obs-dagster[lineage]'.",
        ) from error
    return OpenDataContractStandard


def ready() -> None:
    """Make sure that contracts can be read and written.

    Raises:
        ContractError: their library is not installed.
    """
    _library()
