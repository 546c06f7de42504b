"""Writing agent.toml: a new file for `init`, the example in config/, and the JSON schema.

All of them come from `tables`, so a comment, a limit or a default always matches what `load` accepts.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from agent.settings.sources import LOCKED
from agent.settings.tables import Settings

SCHEMA_FILE = "agent.schema.json"
_WIDTH = 96


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of agent.toml, for editors and for IT's own checks."""
    schema = _untitled(TypeAdapter(Settings).json_schema())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "agent.toml of visit-photo-agent",
    }


def _untitled(part: Any) -> Any:
    """`part` without the titles that pydantic derives from names, as they add nothing."""
    if isinstance(part, dict):
        return {key: _untitled(value) for key, value in part.items() if key != "title" or not isinstance(value, str)}
    return [_untitled(item) for item in part] if isinstance(part, list) else part


def keys() -> dict[str, dict[str, Mapping[str, Any]]]:
    """Every table of agent.toml with its keys in the order of `tables`, each with its part of the schema."""
    return {table: part["properties"] for table, part in _tables().items()}


def description(table: str, key: str | None = None) -> str:
    """The meaning of a table or a key, in a sentence or two."""
    part = _tables()[table]
    return str(part["description"] if key is None else part["properties"][key]["description"])


def _tables() -> dict[str, Mapping[str, Any]]:
    schema = json_schema()
    return {
        table: schema["$defs"][reference["$ref"].rpartition("/")[2]]
        for table, reference in schema["properties"].items()
    }


def example() -> str:
    """config/agent.toml: every key, set to its default, or to an example if a value is required.

    `device.name` stays a comment: a file that IT copies to many laptops must not give all of them the same name.
    """
    values = {
        table: {key: _value(part) for key, part in parts["properties"].items() if _is_set(key, parts)}
        for table, parts in _tables().items()
        if table != LOCKED
    }
    heading = (
        f"#:schema {SCHEMA_FILE}\n"
        "# Settings of visit-photo-agent: every key with its default, or with an example if it has none."
    )
    return "\n".join([heading, "", *_body(values), *_locked()]).rstrip() + "\n"


def _locked() -> Iterator[str]:
    """The table [locked] as a comment, because it is a fault in every file except the machine's."""
    yield from _comment(description(LOCKED))
    yield f"# [{LOCKED}]"
    yield ""
    for key, part in keys()[LOCKED].items():
        yield from _comment(part["description"])
        yield f"# {key} = {toml(part['examples'][0])}"


def _is_set(key: str, table: Mapping[str, Any]) -> bool:
    return "default" in table["properties"][key] or key in table.get("required", [])


def new_file(
    *,
    staff: str,
    watch: tuple[str, ...],
    host: str,
    user: str,
    timezone: str,
    path: str = "/photos",
    name: str | None = None,
    port: int = 22,
    visits: str = "share:register/visits.csv",
) -> str:
    """A commented agent.toml with these values. Every other key is in it as a comment.

    `watch` and `visits` are written as given (`~` stays). The values are checked when the text is loaded, not here.
    """
    given: dict[str, dict[str, Any]] = {
        "device": {"staff": staff, "timezone": timezone},
        "folders": {"watch": list(watch)},
        "share": {"host": host, "user": user, "port": port, "path": path},
        "register": {"visits": visits},
    }
    if name is not None:
        given["device"]["name"] = name
    heading = "# Settings of visit-photo-agent. Lines that begin with # are not read: remove the # to set the key."
    return "\n".join([heading, "", *_body(given)]).rstrip() + "\n"


def _body(given: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Each key below its meaning: set if `given` by table and key, otherwise with its default as a comment."""
    for table, parts in keys().items():
        if table == LOCKED:
            continue  # it counts only in the machine's file
        yield from _comment(description(table))
        yield f"[{table}]"
        yield ""
        for key, part in parts.items():
            yield from _comment(part["description"])
            if key in given.get(table, {}):
                yield f"{key} = {toml(given[table][key])}"
            else:
                yield f"# {key} = {toml(_value(part))}"
            yield ""


def _value(part: Mapping[str, Any]) -> Any:
    return part["default"] if "default" in part else part["examples"][0]


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]


def toml(value: str | bool | float | list[str]) -> str:
    """A value as TOML 1.0 writes it. A Windows path goes into single quotes, where backslashes are literal."""
    if isinstance(value, list):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, str):
        if "\\" in value and "'" not in value and value.isprintable():
            return f"'{value}'"
        # JSON's escapes are all TOML's too, but TOML wants DEL escaped, and no surrogate pairs.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return json.dumps(value)
