"""Whether a name in the register is this laptop's member of staff, written as people write names.

`j.smith`, `J. Smith`, `Smith, J`, `JSmith` and `John Smith` may all be one person. If the register names both John
and Jane Smith, `j.smith` may be either: then that name decides nothing, and photos wait for a person.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "rev", "herr", "frau", "mme", "mlle"})


@dataclass(frozen=True, slots=True)
class _Name:
    """A person's names: each way of separating given names from a surname, as tokens in plain letters."""

    ways: frozenset[tuple[tuple[str, ...], str]]
    whole: str


@dataclass(frozen=True, slots=True)
class Staff:
    """The names in a register that are this person (`same`), and those that may be (`perhaps`)."""

    same: frozenset[str]
    perhaps: frozenset[str]


def recognise(staff: str, names: Iterable[str]) -> Staff:
    """Which of the register's `names` are `staff`."""
    listed = frozenset(names)
    wanted = _name(staff)
    exact = frozenset(name for name in listed if _name(name).whole == wanted.whole)
    alike = [name for name in listed - exact if _alike(wanted, _name(name))]
    # John and Jane both fit J.: if the register names both, neither is certain.
    clash = any(not _alike(_name(one), _name(other)) for one in alike for other in alike)
    # And "Smith" alone may be any Smith.
    perhaps = {one for one in alike if clash or _by_surname_alone(wanted, _name(one))}
    return Staff(exact | frozenset(alike) - perhaps, frozenset(perhaps))


def nearest(staff: str, names: Iterable[str]) -> str | None:
    """The name that may be meant, allowing for a typing error."""
    by_whole = {_name(name).whole: name for name in sorted(names)}
    close = get_close_matches(_name(staff).whole, by_whole, n=1, cutoff=0.75)
    return by_whole[close[0]] if close else None


@lru_cache(maxsize=8192)
def _name(written: str) -> _Name:
    before, comma, after = written.partition(",")
    text = f"{after} {before}" if comma and before.strip() and after.strip() else written
    if "@" in text:  # an address: the person's name comes before the @
        text = text.partition("@")[0]
    tokens = [word for word in re.split(r"[\s._]+", _letters(text)) if word and word not in _TITLES]
    if len(tokens) > 1 and len(tokens[-1]) == 1 and len(tokens[0]) > 1:
        tokens = [tokens[-1], *tokens[:-1]]  # "Smith J"
    if not tokens:
        return _Name(frozenset(), _letters(written).strip())
    ways = {(tuple(tokens[:at]), "".join(tokens[at:])) for at in range(1, len(tokens))} or {((), tokens[0])}
    return _Name(frozenset(ways), "".join(tokens))


def _letters(text: str) -> str:
    """Without case, accents, apostrophes and hyphens, which people leave out."""
    plain = unicodedata.normalize("NFKD", text).replace("ß", "ss").casefold()
    return "".join("" if unicodedata.category(mark) in {"Mn", "Cf"} or mark in "-'’‐‑" else mark for mark in plain)


def _alike(one: _Name, other: _Name) -> bool:
    """Whether both can be one person: the same surname, and given names that do not contradict each other."""
    return any(_fits(first, second) for first in one.ways for second in other.ways) or _joined(one, other)


def _fits(one: tuple[tuple[str, ...], str], other: tuple[tuple[str, ...], str]) -> bool:
    (given, surname), (other_given, other_surname) = one, other
    if surname != other_surname:
        return False
    return all(_same_given(first, second) for first, second in zip(given, other_given, strict=False))


def _same_given(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _by_surname_alone(one: _Name, other: _Name) -> bool:
    """Whether only the surname says that both are the same person."""
    alone = any(all(not given for given, _ in name.ways) for name in (one, other))
    return alone and not _joined(one, other)


def _joined(one: _Name, other: _Name) -> bool:
    """Whether one is the other's initial and surname in one word: jsmith for John Smith."""
    return any(
        word.whole == given[0][0] + surname
        for word, full in ((one, other), (other, one))
        if word.ways and all(not names for names, _ in word.ways)
        for given, surname in full.ways
        if given
    )
