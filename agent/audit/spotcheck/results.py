"""The stored results of spot checks: each signed, one file each, never overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.audit.spotcheck.outcome import KIND, Outcome
from agent.audit.spotcheck.signing import NotSigned, known_keys, opened, signed
from agent.errors import UsageError
from agent.files.beneath import Beneath, NotPlain
from agent.files.durable import create_file
from agent.record.note import Signer, VerifierKey

FOLDER = "spot-checks"
LARGEST = 16 * 1024 * 1024
"""The most bytes of a result: its lists have at most a thousand lines each."""

MOST_RESULTS = 10_000

_NUMBERS = ("population", "sample", "examined", "right", "wrong", "not_known")
_TEXTS = ("id", "drawn_at", "examined_at", "reviewer", "statement")
_LISTS = ("findings", "missing_entries", "gaps")


@dataclass(frozen=True, slots=True)
class Result:
    """A result whose signature is right. `trusted` says whether a key that is known here made it."""

    body: Mapping[str, Any]
    key: VerifierKey
    trusted: bool

    @property
    def id(self) -> str:
        """The draw's id; from its second result on, with a number added."""
        return str(self.body["id"])


@dataclass(frozen=True, slots=True)
class Results:
    """All results in a folder, the oldest first; and the files that cannot be believed, each with the reason."""

    results: tuple[Result, ...]
    problems: tuple[tuple[str, str], ...]


def write_result(file: Path, outcome: Outcome, signer: Signer) -> Path:
    """Store a result, durable on return; as `NAME-2`, `NAME-3`, … if the file exists. Returns where it was stored.

    The second result of a draw has its number in its id too. UsageError if it cannot be written.
    """
    body = outcome.as_json()
    for number in range(1, MOST_RESULTS):
        target = file if number == 1 else file.with_name(f"{file.stem}-{number}{file.suffix}")
        mine = body if number == 1 else {**body, "id": f"{body['id']}-{number}"}
        try:
            create_file(target, signed(mine, signer))
        except FileExistsError:
            continue
        except OSError as fault:
            raise UsageError(f"{target} cannot be written: {fault.strerror}.") from fault
        return target
    raise UsageError(f"{file} and all names like it are taken.")


def read_results(folder: Path, reviewers: Sequence[VerifierKey] | None = None) -> Results:
    """Every result in a folder, its signature verified; a missing folder has none.

    `reviewers` are the keys to trust; without them, the key in the parent folder, where `photo-agent spot-check` puts
    it.
    """
    trusted = known_keys(folder.parent) if reviewers is None else list(reviewers)
    found: list[Result] = []
    problems: list[tuple[str, str]] = []
    try:
        with Beneath(folder) as inside:
            for one in inside.names((), MOST_RESULTS):
                if not one.name.endswith(".json"):
                    continue
                try:
                    with inside.open((one.name,), LARGEST) as file:
                        body, key = opened(file.read())
                    found.append(Result(_checked(body), key, key in trusted))
                except (NotPlain, ValueError) as fault:
                    problems.append((one.name, str(fault)))
                except OSError as fault:
                    problems.append((one.name, f"it cannot be read: {fault.strerror}"))
    except FileNotFoundError:
        return Results((), ())
    except NotPlain as fault:
        problems.append((folder.name, str(fault)))
    except OSError as fault:
        problems.append((folder.name, f"it cannot be read: {fault.strerror}"))
    found.sort(key=lambda one: (str(one.body["examined_at"]), one.id))
    return Results(tuple(found), tuple(problems))


def _checked(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """ValueError unless it has all fields of a result."""
    whole = (
        body.get("kind") == KIND
        and all(isinstance(body.get(name), int) and not isinstance(body[name], bool) for name in _NUMBERS)
        and all(isinstance(body.get(name), str) for name in _TEXTS)
        and all(isinstance(body.get(name), list) for name in _LISTS)
        and isinstance(body.get("strata"), dict)
    )
    if not whole:
        raise NotSigned("it is signed, but it is not the result of a spot check")
    return body
