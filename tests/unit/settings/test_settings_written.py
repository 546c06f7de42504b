"""agent.toml as `init` writes it, the example in config/, and the schema: all agree with what is loaded."""

import json
import string
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import SettingsError
from agent.settings import json_schema, load, new_file
from agent.settings.checks import device_name, safe_device_name
from agent.settings.reading import parse
from agent.settings.writing import example, toml

CONFIG = Path(__file__).resolve().parents[3] / "config"


def test_the_example_in_config_is_what_the_settings_say_of_themselves() -> None:
    assert (CONFIG / "agent.toml").read_text("utf-8") == example(), "write agent.settings.writing.example() there"


def test_the_schema_in_config_is_the_one_the_settings_make() -> None:
    kept = json.loads((CONFIG / "agent.schema.json").read_text("utf-8"))
    assert kept == json_schema(), "run `photo-agent config schema > config/agent.schema.json`"


def test_the_example_in_config_loads_and_fits_the_schema() -> None:
    load(CONFIG / "agent.toml")
    _validator().validate(tomllib.loads((CONFIG / "agent.toml").read_text("utf-8")))


def test_every_key_of_the_example_has_a_comment() -> None:
    lines = (CONFIG / "agent.toml").read_text("utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line]
    assert len(keys) == sum(map(len, load(CONFIG / "agent.toml").dump().values()))
    assert all(lines[number - 1].startswith("# ") for number in keys)


def test_the_example_does_not_name_the_laptop_so_that_copies_of_it_differ() -> None:
    assert "name" not in tomllib.loads(example())["device"]


def _validator() -> Any:
    import jsonschema  # here, because it takes a second with all its formats

    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("share", "port", 0),
        ("share", "port", "22"),
        ("share", "hots", "x"),
        ("share", "path", "photos"),
        ("folders", "watch", []),
        ("device", "name", ".x"),
        ("register", "visits", "visits.doc"),
        ("removal", "keep_hours", -1),
    ],
)
def test_the_schema_refuses_what_loading_refuses(table: str, key: str, value: object) -> None:
    tables = tomllib.loads(example())
    tables[table][key] = value
    assert not _validator().is_valid(tables)


def test_a_new_file_holds_what_it_was_given_and_loads(write: Callable[[str], Path]) -> None:
    text = new_file(
        staff="Zoë “Z” O'Hara",
        watch=("~/Pictures/Camera Imports", r"~/a\b"),
        host="photos.school.example",
        user="laptop-17",
        timezone="Europe/London",
        path="/srv/photos",
        name="laptop-17",
        port=2222,
        visits="share:register/visits.ics",
    )
    loaded = load(write(text))
    assert loaded.device.staff == "Zoë “Z” O'Hara"
    assert loaded.folders.watch == ("~/Pictures/Camera Imports", r"~/a\b")
    assert (loaded.share.host, loaded.share.port) == ("photos.school.example", 2222)
    assert (loaded.share.user, loaded.share.path) == ("laptop-17", "/srv/photos")
    assert loaded.device.name == "laptop-17"
    assert loaded.register.visits == "share:register/visits.ics"


def test_taking_the_comment_signs_away_still_gives_a_file_that_loads(good: str, write: Callable[[str], Path]) -> None:
    set_all = "\n".join(line.removeprefix("# ") if " = " in line else line for line in good.splitlines())
    assert load(write(set_all)).dump().keys() == load(write(good)).dump().keys()


@given(st.text())
def test_any_text_written_as_toml_reads_back_the_same(text: str) -> None:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return
    assert tomllib.loads(f"x = {toml(text)}\ny = {toml([text, text])}") == {"x": text, "y": [text, text]}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_for_a_file_is_one_explained_fault(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^agent\.toml "):  # what must be given is never there by chance
        parse(text, Path("agent.toml"))


_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=3)
)
_keys = st.sampled_from(["staff", "timezone", "name", "watch", "port", "host", "path", "visits", "keep_hours", "x"])
_tables = st.sampled_from(["device", "folders", "share", "register", "removal", "y"])


# No deadline: the words for each fault come from the schema, which takes its time to make.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(_tables, st.dictionaries(_keys, _values.filter(lambda value: value is not None), max_size=4)))
def test_values_of_any_kind_under_any_key_are_explained_too(tables: dict[str, dict[str, object]]) -> None:
    text = "".join(
        f"[{table}]\n" + "".join(f"{key} = {_as_toml(value)}\n" for key, value in keys.items())
        for table, keys in tables.items()
    )
    with pytest.raises(SettingsError, match=r"agent\.toml has \d+ fault"):
        parse(text, Path("agent.toml"))


def _as_toml(value: Any) -> str:
    if isinstance(value, float) and not isinstance(value, bool):
        return str(value) if "e" not in str(value) else "1.5"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**62 else toml(value)


@given(st.text(max_size=80))
def test_any_host_name_becomes_a_name_for_a_folder_on_the_share(host: str) -> None:
    name = safe_device_name(host)
    assert device_name(name) == name
    assert set(name) <= set(string.ascii_letters + string.digits + "-_.")


def test_a_host_name_loses_its_domain_and_what_folders_may_not_have() -> None:
    assert safe_device_name("Laptop 17.school") == "Laptop-17.school"
    assert safe_device_name("laptop-17") == "laptop-17"
    assert safe_device_name("") == "laptop"
    assert safe_device_name("con") == "laptop-con"
