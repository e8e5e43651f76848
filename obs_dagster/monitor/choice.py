"""Keys of the monitor file of which others may add kinds: what is legal is known once it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from obs_dagster.kinds import Kinds
from obs_dagster.monitor.contract import Strict
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.path_key import PathKey
from obs_dagster.monitor.problem import Problem


class Choice(Strict):
    """A part of the monitor file that says by its `kind` which keys it has.

    Attributes:
        paths: its keys that hold paths.
    """

    paths: ClassVar[tuple[PathKey, ...]] = ()

    kind: str

    @classmethod
    def problems(cls, document: Document) -> Iterator[Problem]:
        """What is wrong with a monitor of this kind that types cannot express; the first line tells it."""
        del document
        yield from ()


def kind_of(choice: type[Choice]) -> str:
    """The name of a kind: the only value that its key `kind` may have."""
    return str(choice.model_fields["kind"].default)


class Written:
    """Marks a key whose value is written otherwise than the typed model has it."""

    @property
    def annotation(self) -> Any:
        """The type of the key's value in the file."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class OneOf(Written):
    """Marks a key that holds a mapping of one of several kinds.

    Attributes:
        kinds: what there is.
        short: whether the name alone stands for a mapping with that kind.
    """

    kinds: Kinds[Any]
    short: bool = False

    @property
    def annotation(self) -> Any:
        """The type of the key's value."""
        return Union[tuple(self.kinds.all().values())]  # noqa: UP007  only known now

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        union: Any = Annotated[self.annotation, Field(discriminator="kind")]
        if self.short:
            names: Any = Literal[tuple(self.kinds.all())]
            either: Any = Union[names, self.annotation]  # noqa: UP007  only known now
            union = Annotated[union, BeforeValidator(_written_out, json_schema_input_type=either)]
        return handler.generate_schema(union)


@dataclass(frozen=True, slots=True)
class NameOf(Written):
    """Marks a key that holds the name of a kind.

    Attributes:
        kinds: what there is.
        chosen: which of them may be named.
    """

    kinds: Kinds[Any]
    chosen: Callable[[Any], bool] = lambda _: True

    @property
    def annotation(self) -> Any:
        """The type of the key's value."""
        return Literal[tuple(name for name, kind in self.kinds.all().items() if self.chosen(kind))]

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.annotation)


def annotation_of(field: FieldInfo) -> Any:
    """The type of a key's value, with every kind that there is."""
    marks = (mark.annotation for mark in field.metadata if isinstance(mark, Written))
    return next(marks, field.annotation)


def _written_out(value: Any) -> Any:
    """The short form `engine: spark` as the mapping that it stands for."""
    return {"kind": value} if isinstance(value, str) else value
