"""Every message that a teacher reads has a Welsh entry that fits, and the compiled catalogue is made from it."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent.language import chosen, of_this_system, plural, text, using

PROJECT = Path(__file__).resolve().parents[3]
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def translate() -> ModuleType:
    """install/translate.py."""
    pytest.importorskip("babel", reason="Babel is not installed (pip: babel)")
    spec = importlib.util.spec_from_file_location("translate", PROJECT / "install" / "translate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def forms(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def test_every_message_has_a_welsh_entry_with_the_same_placeholders(translate: ModuleType) -> None:
    said = {message.id: message for message in translate.messages() if message.id}
    welsh = {message.id: message for message in translate.translated("cy") if message.id}
    assert len(said) > 300
    assert said.keys() == welsh.keys()
    for identity, message in welsh.items():
        wanted = set(PLACEHOLDER.findall(forms(identity)[-1]))
        written = forms(message.string)
        assert len(written) == (3 if isinstance(identity, tuple | list) else 1), identity
        for form in written:
            found = set(PLACEHOLDER.findall(form))
            # The form for one says "1" itself, as it does in English.
            assert found == wanted or (form is written[0] and found | {"%(count)s"} == wanted), form
            assert form.count("%") == len(PLACEHOLDER.findall(form)), form
            assert not set("<>&⟦") & set(form), "templates take it for HTML"


def test_the_compiled_catalogue_is_what_the_translators_wrote(translate: ModuleType) -> None:
    made = translate.compiled(translate.translated("cy"))
    assert made == (PROJECT / "agent" / "language" / "cy.mo").read_bytes(), "run python3 install/translate.py"


def test_welsh_counts_as_welsh_does() -> None:
    with using("cy"):
        said = [plural("1 visit", "%(count)s visits", number) for number in (0, 1, 2, 7)]
        needs = [plural("1 photo needs you.", "%(count)s photos need you.", number) for number in (1, 2, 5)]
    assert said == ["0 ymweliad", "1 ymweliad", "2 ymweliad", "7 ymweliad"]
    assert needs == [f"Mae angen eich ateb am {count}." for count in ("1 llun", "2 lun", "5 llun")]


def test_english_needs_no_catalogue_and_comes_back_after_another_language() -> None:
    with using("cy"):
        assert text("Send now") == "Anfon nawr"
    assert text("Send now") == "Send now"
    with using("xx"):
        assert text("Send now") == "Send now"


@pytest.mark.parametrize(
    ("setting", "accepted", "language"),
    [
        ("auto", "", "en"),
        ("auto", "cy-GB,cy;q=0.9,en;q=0.8", "cy"),
        ("auto", "en-GB,en;q=0.9,cy;q=0.8", "en"),
        ("auto", "fr, cy;q=0.2, en;q=0.1", "cy"),
        ("auto", "cy;q=0, en;q=0.1", "en"),
        ("auto", "cy;q=x," * 10_000, "en"),
        ("auto", "de", "en"),
        ("en", "cy", "en"),
        ("cy", "en", "cy"),
    ],
)
def test_the_language_is_as_set_else_what_the_browser_wants_first(setting: str, accepted: str, language: str) -> None:
    assert chosen(setting, accepted) == language


@pytest.mark.parametrize(
    ("name", "value", "language"),
    [("LANG", "cy_GB.UTF-8", "cy"), ("LANGUAGE", "cy:en", "cy"), ("LANG", "C.UTF-8", "en"), ("LC_ALL", "de_DE", "en")],
)
def test_notices_are_in_the_language_of_the_session(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, language: str
) -> None:
    for other in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    assert of_this_system() == language


def test_languages_cost_no_library_at_start_up() -> None:
    script = (
        "import sys; import agent.language; print([n for n in sys.modules if n.split('.')[0] in {'babel', 'jinja2'}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
