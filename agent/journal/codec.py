"""A frozen dataclass as JSON and back, by its own type hints, so that every field that is written is also read.

JSON is ASCII only: a path that is not UTF-8 carries lone surrogates (PEP 383), which survive as `\\udcXX`. Instants are
in ISO 8601 with their offset. A field that is absent in the JSON takes its default, so a later version can add one.
"""

import json
import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, NewType, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Plain = Callable[[Any], Any]


def to_json(value: object) -> str:
    """`value`, a dataclass, in one line of ASCII."""
    kind: Any = type(value)
    return json.dumps(_codec(kind)[0](value), ensure_ascii=True, separators=(",", ":"))


def from_json(kind: type[T], text: str) -> T:
    """The `kind` that `to_json` wrote; ValueError, KeyError or TypeError if it is something else."""
    wanted: Any = kind
    value: T = _codec(wanted)[1](json.loads(text))
    return value


def instant(text: str) -> datetime:
    """An ISO 8601 time, which must have an offset."""
    return _aware(datetime.fromisoformat(text))


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("the journal stores instants, not wall clocks")
    return value


def _same(value: Any) -> Any:
    return value


def _leaf(kind: Any) -> tuple[Plain, Plain]:
    if kind is datetime:
        return lambda value: _aware(value).isoformat(), instant
    if issubclass(kind, Path):
        return str, Path
    if issubclass(kind, StrEnum):
        return str, kind
    if kind in {str, int, float, bool}:
        return _same, _same
    raise TypeError(f"the journal cannot store a value of type {kind}")


@cache
def _codec(kind: Any) -> tuple[Plain, Plain]:
    """How a value of the type `kind` becomes plain JSON values, and how it is rebuilt from them."""
    if isinstance(kind, NewType):
        return _codec(kind.__supertype__)
    if get_origin(kind) in {types.UnionType, Union}:  # a NewType's `| None` still makes the older one
        return _optional(kind)
    if get_origin(kind) is tuple:
        write, read = _codec(get_args(kind)[0])
        return lambda items: [write(item) for item in items], lambda items: tuple(map(read, items))
    if is_dataclass(kind):
        return _fields(kind)
    return _leaf(kind)


def _optional(kind: Any) -> tuple[Plain, Plain]:
    inner = [part for part in get_args(kind) if part is not types.NoneType]
    if len(inner) != 1:
        raise TypeError(f"the JSON would not show which type of {kind} a value has")
    write, read = _codec(inner[0])
    return (
        lambda value: None if value is None else write(value),
        lambda value: None if value is None else read(value),
    )


def _fields(kind: Any) -> tuple[Plain, Plain]:
    hints = get_type_hints(kind)
    parts = [(f.name, *_codec(hints[f.name]), f.default is MISSING) for f in fields(kind)]

    def write(value: Any) -> dict[str, Any]:
        return {name: writer(getattr(value, name)) for name, writer, _, _ in parts}

    def read(plain: dict[str, Any]) -> Any:
        return kind(**{name: reader(plain[name]) for name, _, reader, needed in parts if needed or name in plain})

    return write, read
