"""The man page, made from the commands in man(7)'s macros, with one section for each command. Pure."""

import re
from collections.abc import Iterator

import click

PROGRAM = "photo-agent"


def manual(root: click.Group, version: str) -> str:
    """The man page for the commands of `root`, in man(7)'s macros."""
    lines = [
        f'.TH "{PROGRAM.upper()}" "1" "" "visit-photo-agent {_escaped(version)}" "User commands"',
        ".ad l",  # no justified lines: a long path would tear gaps into them
        ".nh",
        ".SH NAME",
        f"{_escaped(PROGRAM)} \\- {_text(_first_sentence(root))}",
        ".SH SYNOPSIS",
        f".B {_escaped(PROGRAM)}",
        "[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        _text(root.help or ""),
        ".SH OPTIONS",
        *_options(root, click.Context(root, info_name=PROGRAM)),
        ".SH COMMANDS",
        *_commands(root, click.Context(root, info_name=PROGRAM)),
    ]
    if root.epilog:
        lines += [".SH EXIT STATUS", _text(root.epilog.removeprefix("Exit codes: "))]
    return "\n".join(lines) + "\n"


def _commands(group: click.Group, above: click.Context) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if command is None or command.hidden:
            continue
        here = click.Context(command, info_name=name, parent=above)
        yield f".SS {_escaped(here.command_path)} {_escaped(' '.join(command.collect_usage_pieces(here)))}".rstrip()
        yield _text(command.help or "")
        yield from _options(command, here)
        if isinstance(command, click.Group):
            yield from _commands(command, here)


def _options(command: click.Command, here: click.Context) -> Iterator[str]:
    for parameter in command.get_params(here):
        record = parameter.get_help_record(here)
        if record is None:
            continue
        names, says = record
        yield ".TP"
        yield f".B {_escaped(names)}"
        yield _text(says) or "\\&"


def _first_sentence(root: click.Group) -> str:
    return (root.help or "").partition("\n")[0].rstrip(".")


def _text(words: str) -> str:
    """The same paragraphs, with every line protected from being read as a macro."""
    paragraphs = re.split(r"\n\s*\n", words.replace("\b", "").strip())
    return "\n.PP\n".join(_line(" ".join(paragraph.split())) for paragraph in paragraphs)


def _line(words: str) -> str:
    escaped = _escaped(words)
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _escaped(words: str) -> str:
    plain = words.replace("\\", "\\e").replace("-", "\\-")
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in plain)
