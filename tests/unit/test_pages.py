"""The pages of this repository: their links lead somewhere, and what they name exists."""

import itertools
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from agent.cli import COMMANDS, module_of
from agent.settings.writing import json_schema

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("agent", "config", "install", "tests")
PAGES = sorted([*PROJECT.glob("*.md"), *(page for room in ROOMS for page in (PROJECT / room).rglob("*.md"))])
SOURCES = sorted(path for room in ROOMS for path in (PROJECT / room).rglob("*") if path.suffix in {".py", ".sh"})
AGENT = [path for path in SOURCES if path.suffix == ".py" and path.is_relative_to(PROJECT / "agent")]
LONGEST_README = 1000
HISTORY = PROJECT / "CHANGELOG.md"  # names what there once was

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")


def prose(page: Path) -> str:
    """A page without its blocks of code and its comments."""
    return _COMMENT.sub("", _FENCED.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def as_id(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=as_id)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_stays_short() -> None:
    assert len((PROJECT / "README.md").read_text("utf-8").split()) < LONGEST_README


def test_the_changelog_says_each_thing_once() -> None:
    """A merge can bring the old wording of a line back beside the new one, and nobody sees it."""
    entries = re.findall(r"^- (.*?)(?=^- |^\n|\Z)", HISTORY.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    words = [(" ".join(entry.split()), frozenset(re.findall(r"\w+", entry.lower()))) for entry in entries]
    assert len(words) > 100
    alike = [
        (one, other)
        for (one, some), (other, others) in itertools.combinations(words, 2)
        if len(some & others) > 0.6 * len(some | others)
    ]
    assert alike == []


def test_every_page_that_the_code_names_exists() -> None:
    named = {
        (as_id(source), page)
        for source in SOURCES
        for page in re.findall(r"[\w./-]+\.md\b", source.read_text("utf-8"))
        if source != Path(__file__)
    }
    assert named
    for source, page in sorted(named):
        assert any(f"/{as_id(known)}".endswith(f"/{page}") for known in PAGES), f"{source} names {page}"


def modules_named(source: Path) -> set[str]:
    """Files of code that a page, or the prose or code of a module, names, as in `pipeline/run.py`."""
    return set(re.findall(r"(?<![\w.<{*%/-])[\w/]+\.py\b", source.read_text("utf-8")))


@pytest.mark.parametrize("source", [*(page for page in PAGES if page != HISTORY), *AGENT], ids=as_id)
def test_every_module_that_is_named_exists(source: Path) -> None:
    for named in modules_named(source):
        assert any(f"/{as_id(known)}".endswith(f"/{named}") for known in SOURCES), named


def test_names_in_backquotes_are_in_the_module_that_they_name() -> None:
    """As `kinds.EntryKind`, if a module is called `kinds`. Settings and ECS have names of the same form."""
    others = {*json_schema()["properties"], "event"}
    texts = {path: path.read_text("utf-8") for path in AGENT}
    modules: dict[str, list[str]] = {}
    for path, text in texts.items():
        modules.setdefault(path.parent.name if path.stem == "__init__" else path.stem, []).append(text)
    for path, text in texts.items():
        for module, name in re.findall(r"`([a-z]\w*)\.([A-Za-z]\w*)`", text):
            if module in modules and module not in others and name not in {"py", "po"}:
                found = name in modules or any(re.search(rf"\b{name}\b", known) for known in modules[module])
                assert found, f"{as_id(path)} names {module}.{name}"


def lines(page: Path) -> Iterator[str]:
    """Commands to type: the lines of terminal blocks, and the text between backquotes."""
    for language, block in _FENCED.findall(page.read_text("utf-8")):
        if language == "console":
            yield from (line[2:] for line in block.splitlines() if line.startswith(("$ ", "# ")))
    yield from _SPAN.findall(prose(page))


def commands() -> list[tuple[str, str]]:
    """Each command on a page: the page and the words after `photo-agent`, without what the shell adds."""
    return sorted(
        {
            (as_id(page), re.split(r" (?:[#>|;]|&&|…)", words)[0])
            for page in PAGES
            if page != HISTORY
            for line in lines(page)
            for words in re.findall(r"(?:^|[ /])photo-agent ((?:[a-z]|--).*)", line)
        }
    )


def understood(words: str) -> None:
    """Let the program's own parser read a command line, without carrying it out. It raises what a person would see."""
    rest = shlex.split(words)
    while rest[:1] == ["--config"]:
        rest = rest[2:]
    if rest == ["--version"]:
        return
    assert rest[0] in COMMANDS
    name = rest.pop(0)
    command = import_module(module_of(name)).command
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group) and rest:
        assert rest[0] in command.commands
        command = command.commands[rest.pop(0)]
        context = click.Context(command, parent=context, info_name=command.name)
    _, left_over, _ = command.make_parser(context).parse_args(rest)
    assert isinstance(command, click.Group) or left_over == []


@pytest.mark.parametrize(("page", "words"), commands(), ids=lambda value: value)
def test_the_program_understands_every_command_on_a_page(page: str, words: str) -> None:
    understood(words)


@pytest.mark.parametrize("words", ["log shwo", "log show --sinec 1", "log show --since", "config set a b c"])
def test_a_command_with_a_mistake_is_not_understood(words: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        understood(words)


SCRIPTS = sorted(path for path in (PROJECT / "install").rglob("*") if path.suffix in {".ps1", ".sh", ".service"})


def commands_in(script: Path) -> list[str]:
    """What a script lets the program do, up to the first variable: `& $program …`, `photo-agent …`, `ExecStart=…`."""
    word = r"[a-z][a-z-]*"
    started = (
        rf"(?:& \$(?:[Pp]rogram|command)|(?:^|[(=!] ?)(?:/usr/\S+/)?photo-agent) ((?:--)?{word}(?: (?:--)?{word})*)"
    )
    return [str(found) for found in re.findall(started, script.read_text("utf-8"), re.MULTILINE)]


@pytest.mark.parametrize("script", [path for path in SCRIPTS if commands_in(path)], ids=as_id)
def test_the_program_understands_what_scripts_let_it_do(script: Path) -> None:
    for words in commands_in(script):
        understood(words)


def settings_on_the_page() -> set[tuple[str, str]]:
    """Each table and key that config/README.md explains."""
    text = (PROJECT / "config" / "README.md").read_text("utf-8")
    tables = re.findall(r"^### `\[(\w+)\]`\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL)
    return {(table, key) for table, rows in tables for key in re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)}


def test_the_page_on_settings_has_every_key_and_no_other() -> None:
    schema = json_schema()
    tables = {name: part["$ref"].rpartition("/")[2] for name, part in schema["properties"].items()}
    keys = {(name, key) for name, part in tables.items() for key in schema["$defs"][part]["properties"]}
    assert settings_on_the_page() == keys
