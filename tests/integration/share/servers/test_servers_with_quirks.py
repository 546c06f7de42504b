"""Servers that answer otherwise than OpenSSH: every photo is sent, proven and removed, or the server's reason is told.

Whatever happens, nothing is on the share twice, and what cannot be brought through is not sent again and again.
"""

import json
import os
import time
from pathlib import Path

import pytest

from agent.errors import LoginRefused
from agent.pipeline.events import Happened, Summary
from agent.record import EntryKind
from tests.laptop import Heard, Laptop, sha256
from tests.servers.others import Quirky

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("either_laptop")]

BOTH = "ext=fsync+hardlink"
HERE = Path(__file__).resolve()
ODD = next(
    (up / "shared/cases/servers/odd.py" for up in HERE.parents[4:7] if (up / "shared").is_dir()), HERE.parent / "odd.py"
)


def photos(laptop: Laptop) -> dict[str, str]:
    """Four photos, from small to larger than any server's buffer; SHA-256 by name."""
    sizes = {"a.jpg": 0, "b.jpg": 400_000, "c.jpg": 3_000_000, "d.jpg": 1_200_000}
    long_ago = time.time() - 3600  # no scanner has the register any more
    os.utime(laptop.share / "register" / "visits.csv", (long_ago, long_ago))
    made = {name: laptop.photo(name, size=size, seed=n) for n, (name, size) in enumerate(sizes.items())}
    return {name: sha256(path.read_bytes()) for name, path in made.items()}


def reasons(heard: Heard) -> str:
    return " ".join(str(event.details) for event in heard.events if event.what is Happened.FAILED)


def run(laptop: Laptop) -> tuple[Summary, Heard]:
    heard = Heard()
    return laptop.run(heard), heard


@pytest.mark.parametrize(
    "quirks",
    [
        f"{BOTH}",
        "ext=fsync",
        "ext=fsync,renameover",
        f"{BOTH},maxsess=1",
        f"{BOTH},maxsess=2",
        f"{BOTH},notypebits",
        f"{BOTH},nosize",
        f"{BOTH},notypebits,nosize,noowner",
        f"{BOTH},noperm",
        "ext=fsync,nosize",
        f"{BOTH},missing=4",
        f"{BOTH},missing=10",
        f"{BOTH},missing=3",
        "ext=fsync,missing=4,exists=4",
        f"{BOTH},nodot",
        f"{BOTH},nopart",
        f"{BOTH},nodot,nopart",
        f"{BOTH},emptydata",
        f"{BOTH},maxopen=1",
        f"{BOTH},maxopen=2",
        "ext=fsync,maxopen=1",
        f"{BOTH},fixedsize",
        f"{BOTH},readcap=4000",
        f"{BOTH},linklie",
        f"{BOTH},linkcopy",
        f"{BOTH},linkcopy,noremove",
        f"{BOTH},nolist",
        f"{BOTH},nostat",
        f"{BOTH},readonlysync",
        f"{BOTH},extfail=hardlink",
        f"{BOTH},locked=1",
        f"{BOTH},noremove",
        "ext=fsync,noremove",
    ],
)
def test_photos_are_sent_proven_and_removed_once(tmp_path: Path, quirks: str) -> None:
    with Quirky(quirks) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        sent = photos(laptop)
        first, heard = run(laptop)
        assert (first.proven, first.removed, first.failed) == (4, 4, 0), reasons(heard)
        held = laptop.on_share()
        again, heard = run(laptop)
        assert (again.sent, again.failed) == (0, 0)
        assert laptop.originals_on_share() >= set(sent.values())
        whole = [name for name in laptop.on_share() if "uploading-" not in name]
        assert len(whole) == 4, "nothing is there twice"
        if "noremove" not in quirks:
            assert not [name for name in held if "uploading-" in name]
        assert not list(laptop.imports.glob("*.jpg"))


@pytest.mark.parametrize(
    "quirks", [f"{BOTH},notypebits", f"{BOTH},nosize", f"{BOTH},noperm,noowner", f"{BOTH},notypebits,nosize,fixedsize"]
)
def test_what_a_server_does_not_say_is_no_sign_that_a_photo_was_lost(tmp_path: Path, quirks: str) -> None:
    with Quirky(quirks) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        laptop.configure(removal={"keep_hours": 1})
        sent = photos(laptop)
        laptop.run()
        laptop.configure()  # so that a later run removes them, which looks at the share's copies again
        summary, heard = run(laptop)
        assert (summary.proven, summary.removed) == (0, 4), reasons(heard)
        kinds = laptop.look(lambda context: [entry.kind for entry in context.record.entries()])
        assert EntryKind.SHARE_LOST not in kinds
        assert laptop.originals_on_share() >= set(sent.values())


@pytest.mark.parametrize("quirks", [f"{BOTH},missing=4", f"{BOTH},missing=3,exists=11", "missing=4,notypebits,nodot"])
def test_a_cameras_register_that_is_not_there_is_not_missed_on_any_server(tmp_path: Path, quirks: str) -> None:
    with Quirky(quirks) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        assert not (laptop.share / "register" / "cameras.csv").exists()
        laptop.run()
        assert laptop.look(lambda context: context.registers.current()) is not None


@pytest.mark.parametrize("code", [4, 8])
def test_where_fsync_is_offered_and_refused_photos_are_proven_and_stay(tmp_path: Path, code: int) -> None:
    with Quirky(f"{BOTH},extfail=fsync,extcode={code}") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        first, heard = run(laptop)
        assert (first.proven, first.removed, first.failed) == (4, 0, 0), reasons(heard)
        again, _ = run(laptop)
        assert (again.sent, again.removed) == (0, 0)
        assert len(list(laptop.imports.glob("*.jpg"))) == 4
        checks = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
        (fsync,) = [check for check in checks if check["check"] == "share fsync"]
        assert fsync["result"] == "fail"


@pytest.mark.parametrize(
    ("quirks", "said"),
    [
        (f"{BOTH},moveaway", "moves new files away"),
        ("ext=fsync,norename", "renaming is not allowed here"),
        (f"{BOTH},norename,extfail=hardlink", "renaming is not allowed here"),
    ],
)
def test_where_no_photo_can_be_brought_through_none_is_sent(tmp_path: Path, quirks: str, said: str) -> None:
    with Quirky(quirks) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        for _ in range(2):
            summary, heard = run(laptop)
            assert (summary.sent, summary.proven, summary.failed) == (0, 0, 4)
            assert said in reasons(heard)
        assert not [name for name in laptop.on_share() if "uploading-" not in name]
        assert len(list(laptop.imports.glob("*.jpg"))) == 4


def test_a_photo_that_came_three_times_in_vain_waits_for_it(tmp_path: Path) -> None:
    """A fault that a small test file does not reveal: bytes after the first megabyte come back changed."""
    with Quirky(f"{BOTH},damage=1000000") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        attempts = [run(laptop)[0].failed for _ in range(3)]
        assert attempts == [2, 2, 2], "the two large ones"
        written = server.written()
        summary, heard = run(laptop)
        assert (summary.failed, summary.exit_code) == (0, 3)
        assert server.written() - written < 100_000, "only the record, if anything"
        assert len(list(laptop.imports.glob("*.jpg"))) == 2
        told = " ".join(str(event.details) for event in heard.events if event.what is Happened.NOTICE)
        assert "IT" in told
        status = json.loads(laptop.command("status", "--json").stdout.splitlines()[0])
        assert "three times" in json.dumps(status)


def test_a_hard_link_that_is_a_copy_is_read_in_full(tmp_path: Path) -> None:
    with Quirky(f"{BOTH},linkcopy=100000") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        summary, _ = run(laptop)
        assert (summary.proven, summary.removed, summary.failed) == (1, 1, 3), (
            "the copies of the large ones are damaged"
        )
        assert len(list(laptop.imports.glob("*.jpg"))) == 3


def test_a_share_that_is_full_only_at_the_end_does_not_get_everything_again_and_again(tmp_path: Path) -> None:
    with Quirky(f"{BOTH},quotaclose=1000000,quotacode=15") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        for _ in range(3):
            summary, heard = run(laptop)
            assert summary.failed == 2
            assert "no space left" in reasons(heard)
        written = server.written()
        assert run(laptop)[0].failed == 0
        assert server.written() - written < 100_000, "only the record, if anything"
        assert len(list(laptop.imports.glob("*.jpg"))) == 2


def test_a_server_that_states_wrong_sizes_gets_no_photo(tmp_path: Path) -> None:
    with Quirky(f"{BOTH},roundsize") as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        for _ in range(2):
            summary, heard = run(laptop)
            assert (summary.sent, summary.failed) == (0, 4)
            assert "wrong sizes" in reasons(heard)
        assert laptop.on_share() == {}


def test_a_revoked_key_is_refused_also_right_after_a_good_run(tmp_path: Path) -> None:
    with Quirky(BOTH) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        assert run(laptop)[0].fault is None
        laptop.configure(share={"user": "nobody-here"})
        laptop.photo("a.jpg")
        assert isinstance(run(laptop)[0].fault, LoginRefused)


@pytest.mark.skipif(not ODD.is_file(), reason=f"the cases of odd servers are not there: {ODD}")
@pytest.mark.parametrize(
    "quirks",
    [
        f"{BOTH},maxsess=1",
        f"{BOTH},notypebits,nosize",
        f"{BOTH},missing=4",
        f"{BOTH},missing=10",
        f"{BOTH},locked=3",
        f"{BOTH},nodot",
        f"{BOTH},nopart",
        f"{BOTH},emptydata",
        f"{BOTH},maxopen=1",
        f"{BOTH},noremove",
        f"{BOTH}+limits,limits=34000-32768-32768-3",
        f"{BOTH},crlf=,nostatusmsg,noowner",
    ],
)
def test_odd_servers_of_others_get_each_photo_once(tmp_path: Path, quirks: str) -> None:
    with Quirky(quirks.replace("crlf=,", ""), ODD) as server:
        laptop = Laptop(tmp_path / "laptop", server)
        photos(laptop)
        first, heard = run(laptop)
        assert (first.proven, first.removed, first.failed) == (4, 4, 0), reasons(heard)
        again, _ = run(laptop)
        assert (again.sent, again.failed) == (0, 0)
        assert len([name for name in laptop.on_share() if "uploading-" not in name]) == 4
