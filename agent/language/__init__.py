"""What a teacher reads, in the teacher's language: English, and Welsh as a machine's draft, for a person to review.

The English text stands in the code, inside `text(…)` or `plural(…)` (in templates: `{% trans %}`): it is the key of the
catalogue. Placeholders are `%(name)s`. Whole sentences only: word order differs. Nothing else of this program speaks
another language: the command line, the log and the record are English, whoever reads them.

`cy.po` is what translators edit; `cy.mo` is made from it (`python3 install/translate.py`) and goes into the wheel.
"""

import gettext as catalogues
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "cy": "Cymraeg"}
"""By the code that browsers and systems use, what each calls itself."""

AUTOMATIC = "auto"
"""The setting that leaves it to the browser, or for a notice to the system."""

_now: ContextVar[str] = ContextVar("language", default=ENGLISH)


def language() -> str:
    """The code of the language in use."""
    return _now.get()


@contextmanager
def using(code: str) -> Iterator[None]:
    """Texts in that language for as long as this lasts; in English where it is not known."""
    token = _now.set(code)
    try:
        yield
    finally:
        _now.reset(token)


def use(code: str) -> None:
    """Texts in that language from here on, in this thread."""
    _now.set(code)


def text(message: str, **values: object) -> str:
    """The message in the language in use, with its placeholders filled."""
    return _catalogue(_now.get()).gettext(message) % values if values else _catalogue(_now.get()).gettext(message)


def plural(one: str, many: str, count: int, **values: object) -> str:
    """The form of the message for this number, which `%(count)s` stands for."""
    return _catalogue(_now.get()).ngettext(one, many, count) % {"count": count, **values}


def template_text(message: str) -> str:
    """For templates, which fill placeholders themselves."""
    return _catalogue(_now.get()).gettext(message)


def template_plural(one: str, many: str, count: int) -> str:
    """The same for a number."""
    return _catalogue(_now.get()).ngettext(one, many, count)


def chosen(setting: str, accepted: str) -> str:
    """The language to use: as set, else the first that the browser's Accept-Language names and that is known here."""
    if setting != AUTOMATIC:
        return setting
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:500].split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        code = name.partition("-")[0].strip().casefold()
        if code in LANGUAGES and weight > 0:
            wanted.append((-weight, place, code))
    return min(wanted)[2] if wanted else ENGLISH


def of_this_system() -> str:
    """What the user's session says, where it says so by its environment; else English."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for part in os.environ.get(name, "").split(":"):
            code = part.partition("_")[0].partition(".")[0].casefold()
            if code in LANGUAGES:
                return code
    return ENGLISH


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    if code == ENGLISH or code not in LANGUAGES:
        return catalogues.NullTranslations()
    file = Path(__file__).with_name(f"{code}.mo")
    try:
        with file.open("rb") as compiled:
            return catalogues.GNUTranslations(compiled)
    except (OSError, ValueError):
        return catalogues.NullTranslations()  # a page in English is better than none
