"""Every PowerShell script is one that Windows PowerShell 5.1 can run, as far as its syntax tree shows.

No PowerShell runs here. The grammar accepts PowerShell 7, so what 5.1 lacks, or does otherwise, is looked for by name.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Language, Node, Parser

tree_sitter_powershell = pytest.importorskip("tree_sitter_powershell")

PROJECT = Path(__file__).resolve().parents[3]
SCRIPTS = sorted((PROJECT / "install").rglob("*.ps1"))

CMDLETS = {
    "ConvertFrom-Json": "",
    "ConvertTo-Json": "-Compress",
    "ForEach-Object": "",
    "Get-ChildItem": "-Directory -Filter -Force -LiteralPath",
    "Get-Command": "-ErrorAction",
    "Get-Content": "-LiteralPath",
    "Get-Date": "-Format",
    "Join-Path": "",
    "Move-Item": "-Destination -Force -LiteralPath",
    "New-Item": "-Force -ItemType -Path",
    "New-Object": "-ComObject",
    "Out-Null": "",
    "Remove-Item": "-ErrorAction -Force -LiteralPath -Recurse",
    "Select-Object": "-First -Skip",
    "Set-Content": "-Encoding -LiteralPath -Value",
    "Set-StrictMode": "-Version",
    "Split-Path": "-Leaf -Parent",
    "Test-Path": "-LiteralPath",
    "Where-Object": "",
    "Write-Output": "",
}
"""The cmdlets that the scripts use, with the parameters they give. All are in 5.1 on every Windows 10 (Microsoft's
reference for 5.1). The path of an existing file is a -LiteralPath, as [ and ] in a user's name are no pattern."""

PLAIN_TYPES = {"string", "int", "bool", "switch", "version"}
"""Types that a script may use in the constrained language mode (about_Language_Modes)."""


def tree(text: bytes) -> Node:
    return Parser(Language(tree_sitter_powershell.language())).parse(text).root_node


def text_of(node: Node) -> str:
    return (node.text or b"").decode("ascii")


def within(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from within(child)


def of_kind(node: Node, *kinds: str) -> Iterator[Node]:
    return (found for found in within(node) if found.type in kinds)


def faults(text: bytes) -> list[str]:
    """What Windows PowerShell 5.1 would not take in a script, or not as it is meant."""
    root = tree(text)
    found = [f"line {one.start_point[0] + 1}: no PowerShell: {text_of(one)[:40]}" for one in _errors(root)]
    functions = {text_of(one.children[1]): one for one in of_kind(root, "function_statement")}
    for command in of_kind(root, "command"):
        found += [f"line {command.start_point[0] + 1}: {why}" for why in _faults_of(command, functions)]
    for chain in of_kind(root, "pipeline_chain_tail"):
        found.append(f"line {chain.start_point[0] + 1}: only PowerShell 7 has && and ||")
    for block in of_kind(root, "param_block"):
        if re.search(r"\$(PSScriptRoot|PSCommandPath|MyInvocation)", text_of(block), re.IGNORECASE):
            found.append("5.1 works out a parameter's default before it knows where the script is")
    if "$env:ProgramFiles" in text_of(root) and "$env:ProgramW6432" not in text_of(root):
        found.append("in a 32-bit PowerShell, ProgramFiles is the folder for 32-bit programs")
    return found


def _errors(root: Node) -> Iterator[Node]:
    return (node for node in within(root) if node.is_error or node.is_missing)


def _faults_of(command: Node, functions: dict[str, Node]) -> Iterator[str]:
    name = next((text_of(part) for part in command.children if part.type == "command_name"), None)
    if name is None:  # by `&`: a program, or a block of code
        called = next(text_of(part) for part in command.children if part.type == "command_name_expr")
        if called not in _blocks(command) and not _code_is_looked_at(command):
            yield f"nobody looks at $LASTEXITCODE after {called}"
        return
    given = {text_of(one) for one in of_kind(command, "command_parameter") if _of(one, command)}
    if name in functions:
        known = {f"-{text_of(one)[1:]}" for one in _parameters(functions[name])}
        yield from (f"{name} has no {parameter}" for parameter in sorted(given - known))
    elif name in CMDLETS:
        yield from (
            f"{name} {parameter} is not on the list" for parameter in sorted(given - set(CMDLETS[name].split()))
        )
        if name == "Join-Path" and len(_values(command)) != 2:
            yield "in 5.1, Join-Path takes two parts"
        if "-LiteralPath" in CMDLETS[name] and "-LiteralPath" not in given and _values(command):
            yield f"{name} takes [ and ] in a path for a pattern, unless it is a -LiteralPath"
    else:
        yield f"{name} is not on the list of cmdlets, and no function of this script"


def _of(part: Node, command: Node) -> bool:
    """Whether this belongs to the command itself, not to one inside its arguments."""
    while part.parent is not None and part.type != "command":
        part = part.parent
    return part == command


def _values(command: Node) -> list[Node]:
    elements = next((one for one in command.children if one.type == "command_elements"), None)
    values = [] if elements is None else elements.children
    return [one for one in values if one.type not in {"command_argument_sep", "command_parameter", "redirection"}]


def _parameters(function: Node) -> Iterator[Node]:
    for parameter in of_kind(function, "script_parameter"):
        yield next(one for one in parameter.children if one.type == "variable")


def _blocks(command: Node) -> set[str]:
    """Variables of the function around it that hold a block of code, not a program's name."""
    around: Node | None = command
    while around is not None and around.type != "function_statement":
        around = around.parent
    return set() if around is None else set(re.findall(r"\[scriptblock\](\$\w+)", text_of(around)))


def _code_is_looked_at(command: Node) -> bool:
    """Whether the next statement reads $LASTEXITCODE."""
    here: Node | None = command
    while here is not None:
        if here.parent is not None and here.parent.type == "statement_list":
            later = here.next_named_sibling
            while later is not None and later.type in {"comment", "empty_statement"}:
                later = later.next_named_sibling
            if later is not None:
                return "$LASTEXITCODE" in text_of(later)
        here = here.parent
    return False


def test_there_are_scripts_to_read() -> None:
    assert {"windows.ps1", "detect.ps1", "set-up.ps1", "intune-discover.ps1"} <= {path.name for path in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_windows_own_powershell_can_run_the_script(script: Path) -> None:
    text = script.read_bytes()
    text.decode("ascii")  # it takes anything else by the old code page
    assert faults(text) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("if ($a { }", "no PowerShell"),
        ("$a ? 1 : 2", "no PowerShell"),
        ("$a ?? 1", "no PowerShell"),
        ("& $a && & $b\nif ($LASTEXITCODE) { exit 1 }", "&& and ||"),
        ("Join-Path $a b c", "two parts"),
        ("Get-Content -LiteralPath $a -AsByteStream", "-AsByteStream is not on the list"),
        ("$a | ConvertFrom-Json -AsHashtable", "-AsHashtable is not on the list"),
        ("$a | ForEach-Object -Parallel { $_ }", "-Parallel is not on the list"),
        ("Test-Path $a", "pattern"),
        ("Get-Uptime", "not on the list of cmdlets"),
        ("curl.exe $a", "not on the list of cmdlets"),
        ("& $program init\nWrite-Output 'Done.'", "nobody looks at $LASTEXITCODE"),
        ("try { & $program init } catch { exit 1 }", "nobody looks at $LASTEXITCODE"),
        ("function Stop-With([int]$Code) { exit $Code }\nStop-With -Number 1", "Stop-With has no -Number"),
        ("[CmdletBinding()]\nparam([string]$From = (Split-Path -Parent $PSScriptRoot))\n$From", "default"),
        ("$p = Join-Path $env:ProgramFiles 'x'", "32-bit"),
    ],
)
def test_what_an_old_powershell_does_not_take_is_found(line: str, why: str) -> None:
    assert why in "; ".join(faults(line.encode("ascii")))


@pytest.mark.parametrize("script", [path for path in SCRIPTS if path.parent.name in {"fleet", "compliance"}], ids=str)
def test_the_fleets_scripts_run_in_the_constrained_language_mode(script: Path) -> None:
    """AppLocker and WDAC put unsigned scripts into it: no methods, and only plain types."""
    root = tree(script.read_bytes())
    assert not list(of_kind(root, "invokation_expression"))
    assert {text_of(one) for one in of_kind(root, "type_name")} <= PLAIN_TYPES


def test_the_setup_script_says_at_once_that_it_cannot_run_constrained() -> None:
    text = (PROJECT / "install" / "windows.ps1").read_text("ascii")
    statements = tree(text.encode("ascii"))
    first = next(of_kind(statements, "invokation_expression"))
    assert "LanguageMode" in text[: first.start_byte]
