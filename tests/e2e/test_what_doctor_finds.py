"""`doctor` on a laptop where one thing is wrong: which check says so, and the exit code that scripts go by."""

import getpass
import json
from collections.abc import Callable

import pytest

from tests.laptop import VISITS, Laptop


def nothing(_laptop: Laptop) -> None:
    """All is well."""


def folder_away(laptop: Laptop) -> None:
    laptop.imports.rmdir()


def server_away(laptop: Laptop) -> None:
    laptop.configure(share={"port": 1})


def wrong_user(laptop: Laptop) -> None:
    laptop.configure(share={"user": "somebody-else"})


def unknown_server(laptop: Laptop) -> None:
    laptop.configure(share={"known_hosts_file": str(laptop.home / "nothing-pinned")})


def empty_register(laptop: Laptop) -> None:
    laptop.register("")


def register_away(laptop: Laptop) -> None:
    (laptop.share / "register" / "visits.csv").unlink()


def unknown_staff(laptop: Laptop) -> None:
    laptop.configure(device={"staff": "a.okafor"})
    laptop.register(VISITS.replace("Europe/London,,", "Europe/London,j.smith,"))


@pytest.mark.parametrize(
    ("wrong", "check", "code"),
    [
        (nothing, None, 0),
        (folder_away, "folder 1", 3),
        (server_away, "share", 5),
        (wrong_user, "share", 6),
        (unknown_server, "share", 6),
        (empty_register, "register", 2),
        (register_away, "register", 2),
        (unknown_staff, "register staff", 2),
    ],
)
def test_the_exit_code_says_what_kind_of_thing_is_wrong(
    laptop: Laptop, wrong: Callable[[Laptop], None], check: str | None, code: int
) -> None:
    wrong(laptop)
    done = laptop.command("doctor", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    failed = {one["check"] for one in found if one["result"] == "fail"}
    assert done.returncode == code, done.stdout + done.stderr
    assert check is None or check in failed
    assert bool(failed) == (code != 0)
    assert all(one["do"] for one in found if one["result"] == "fail")


def advice(laptop: Laptop, check: str) -> str:
    found = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
    return next(str(one["do"]) for one in found if one["check"] == check)


def test_advice_about_the_register_fits_what_is_wrong(laptop: Laptop) -> None:
    wrong_user(laptop)
    assert advice(laptop, "register") == "put the share right first: the register is on it"
    laptop.configure()
    assert laptop.command("sync").returncode == 0
    register_away(laptop)
    assert advice(laptop, "register") == "until then the last good one is used"
    empty_register(laptop)
    assert "names every fault" in advice(laptop, "register")
    done = laptop.command("sync")
    assert "The new visits register is not used: it contains no valid visit; line 1: the file is empty" in done.stderr
    assert "could not be used" not in done.stderr, "said once"


def test_a_name_that_it_lists_is_corrected_in_its_list(laptop: Laptop) -> None:
    names = laptop.home / "staff.csv"
    names.write_text(f"login,staff\n{getpass.getuser()},j.smyth\n")
    laptop.configure(device={"staff": "{login}", "staff_file": str(names)})
    assert str(names) in advice(laptop, "register staff")


def test_staff_whom_no_visit_lists_are_pointed_out(laptop: Laptop) -> None:
    """Visits for everybody are theirs too, so this may be right, or a name that was mistyped."""
    laptop.configure(device={"staff": "j.smyth"})
    found = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
    (staff,) = (one for one in found if one["check"] == "register staff")
    assert staff["result"] == "warn"
    assert "j.smith" in staff["text"]


def test_a_folders_name_cannot_write_on_the_terminal(laptop: Laptop) -> None:
    laptop.configure(folders={"watch": [str(laptop.home / "photos\x1b[31m")]})
    done = laptop.command("doctor")
    assert "\x1b" not in done.stdout
    assert r"photos\x1b[31m" in done.stdout
