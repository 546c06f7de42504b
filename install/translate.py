#!/usr/bin/env python3
"""Bring the catalogue up to date with the code and the templates, and compile it: `python3 install/translate.py`.

Needs Babel (in the extra `test`). New messages are added to `agent/language/cy.po` without a translation, and messages
that are no longer used are removed. With `--check` nothing is written. The exit code is 1 if a translation is missing.
"""

import io
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

AGENT = Path(__file__).resolve().parent.parent / "agent"
LANGUAGE = AGENT / "language"
TEMPLATES = AGENT / "web" / "templates"
KEYWORDS = {"text": None, "plural": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}


def messages() -> Catalog:
    """Every message in the code and the templates, with its place."""
    catalogue = Catalog()
    speaking = [file for file in sorted(AGENT.rglob("*.py")) if "agent.language" in file.read_text("utf-8")]
    for file in [*speaking, *sorted(TEMPLATES.iterdir())]:
        method = "python" if file.suffix == ".py" else "jinja2.ext:babel_extract"
        options = {} if file.suffix == ".py" else {"newstyle_gettext": "true", "silent": "false"}
        for line, message, comments, context in extract_from_file(method, file, KEYWORDS, ("Translators:",), options):
            where = file.relative_to(AGENT.parent).as_posix()
            catalogue.add(message, None, [(where, line)], auto_comments=comments, context=context)
    return catalogue


def translated(code: str) -> Catalog:
    """The catalogue of a language, as the translators have written it."""
    with (LANGUAGE / f"{code}.po").open("rb") as file:
        return read_po(file, locale=None)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue in the form that the program reads. Drafts that are marked as fuzzy count too."""
    out = io.BytesIO()
    write_mo(out, catalogue, use_fuzzy=True)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Update and compile, or check."""
    code = "cy"
    catalogue, new = translated(code), messages()
    new.creation_date = catalogue.creation_date  # so that the file changes only when a message does
    catalogue.update(new, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    missing = [message.id for message in catalogue if message.id and not all(_forms(message.string))]
    for message in missing:
        print(f"Not translated: {message}", file=sys.stderr)
    if "--check" not in arguments:
        with (LANGUAGE / f"{code}.po").open("wb") as file:
            write_po(file, catalogue, width=120, no_location=True, sort_output=True)
        (LANGUAGE / f"{code}.mo").write_bytes(compiled(catalogue))
    return 1 if missing else 0


def _forms(string: object) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, (tuple, list)) else (str(string or ""),)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
