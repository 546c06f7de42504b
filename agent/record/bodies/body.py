"""What a body is: a frozen dataclass that says of each of its fields what the record and its readers may know. Pure.

A field is `name: Annotated[TYPE, Said(VALUE, "what it means")]`. Whoever writes an entry must give every field that has
no default, and mypy sees to it. From the same fields come the check before writing and the published schema.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from enum import Enum
from typing import ClassVar, cast

from agent.record.entry import Draft
from agent.record.kinds import Facts
from agent.record.values import JSON, Shape, Value


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a field: which values it may have, and what it means, for other programs.

    `needed=False` is for a field that is always written now, but that an entry of an older version may lack. `personal`
    marks a field that names a member of staff: personal data by the GDPR.
    """

    value: Value
    about: str = ""
    needed: bool = True
    personal: bool = False


class Part:
    """A body, or an object in a list of one."""

    __slots__ = ()

    def as_json(self) -> dict[str, JSON]:
        """As the record has it. Without a value, a field is null if its values may be null, else left out."""
        found: dict[str, JSON] = {}
        for name, said in said_of(type(self)).items():
            value = getattr(self, name)
            if value is not None or said.value.nullable:
                found[name] = _json(value)
        return found


class Body(Part):
    """What an entry of one kind says."""

    __slots__ = ()
    facts: ClassVar[Facts]

    def draft(self, event: str, at: datetime) -> Draft:
        """The entry that says this. `event` is an id unique to what happened; `at` is when, an aware datetime."""
        return Draft(self.facts.kind, self.as_json(), event, at)


def said_of(part: type[Part]) -> Mapping[str, Said]:
    """What is said of each of its fields, in their order."""
    found = {}
    for field in fields(part):  # type: ignore[arg-type]  # every Part is a dataclass
        annotated = cast("tuple[object, ...]", getattr(field.type, "__metadata__", ()))
        (said,) = [one for one in annotated if isinstance(one, Said)][-1:]
        found[field.name] = said
    return found


def needed_in(part: type[Part]) -> frozenset[str]:
    """The fields that every entry has, also an old one."""
    optional = {field.name for field in fields(part) if field.default is not MISSING}  # type: ignore[arg-type]
    return frozenset(name for name, said in said_of(part).items() if said.needed and name not in optional)


def object_of(part: type[Part], name: str | None = None, about: str = "") -> Value:
    """The values that are such an object, and nothing beside it."""
    said, needed = said_of(part), needed_in(part)
    schema: dict[str, object] = {"type": "object"}
    if about:
        schema["description"] = about
    schema["additionalProperties"] = False
    schema["properties"] = {
        field: one.value.reference | ({"description": one.about} if one.about else {}) for field, one in said.items()
    }
    if needed:
        schema["required"] = [field for field in said if field in needed]
    return Value(Shape({field: one.value.check for field, one in said.items()}, needed), schema, name)


def _json(value: object) -> JSON:
    if isinstance(value, Part):
        return value.as_json()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return cast("JSON", value.value)
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    return cast("JSON", value)
