"""agent.toml written out: a fresh file for `init`, the example in config/, and the JSON schema.

All of them come from `tables`, so a comment, a limit or a default cannot be out of step with what `load` accepts.
"""

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from agent.settings.tables import Settings

SCHEMA_FILE = "agent.schema.json"
_WIDTH = 96


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of agent.toml, for editors and for IT's own checks."""
    schema = TypeAdapter(Settings).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "agent.toml of visit-photo-agent",
    }


def keys() -> dict[str, dict[str, Mapping[str, Any]]]:
    """Every table of agent.toml with its keys in the order of `tables`, each with its part of the schema."""
    return {table: part["properties"] for table, part in _tables().items()}


def description(table: str, key: str | None = None) -> str:
    """What a table or a key means, in a sentence or two."""
    part = _tables()[table]
    return str(part["description"] if key is None else part["properties"][key]["description"])


def _tables() -> dict[str, Mapping[str, Any]]:
    schema = json_schema()
    return {
        table: schema["$defs"][reference["$ref"].rpartition("/")[2]]
        for table, reference in schema["properties"].items()
    }


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
    """A commented agent.toml with these values; every key that was not given stands there, commented out.

    `watch`, `visits` are written as given (`~` stays). The values are checked when the text is loaded, not here.
    """
    given: dict[str, dict[str, Any]] = {
        "device": {"staff": staff, "timezone": timezone},
        "folders": {"watch": list(watch)},
        "share": {"host": host, "user": user, "port": port, "path": path},
        "register": {"visits": visits},
    }
    if name is not None:
        given["device"]["name"] = name
    return render(given, "Settings of visit-photo-agent, as `photo-agent init` wrote them.")


def render(given: Mapping[str, Mapping[str, Any]], heading: str) -> str:
    """agent.toml with the values `given` by table and key, each key under its meaning; the rest as comments."""
    lines = [f"# {heading}", "# Lines that begin with # are not read: take the # away to set such a key.", ""]
    for table, parts in keys().items():
        lines += [*_comment(description(table)), f"[{table}]", ""]
        for key, part in parts.items():
            lines += _comment(part["description"])
            if key in given.get(table, {}):
                lines.append(f"{key} = {toml(given[table][key])}")
            else:
                lines.append(f"# {key} = {toml(part.get('default', part.get('examples', [''])[0]))}")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)]


def toml(value: str | bool | float | list[str]) -> str:
    """A value as TOML 1.0 writes it. A Windows path goes into single quotes, where backslashes mean themselves."""
    if isinstance(value, list):
        return f"[{', '.join(toml(item) for item in value)}]"
    if isinstance(value, str):
        if "\\" in value and "'" not in value and value.isprintable():
            return f"'{value}'"
        # JSON's escapes are all TOML's too, but TOML wants DEL escaped, and no surrogate pairs.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    return json.dumps(value)
