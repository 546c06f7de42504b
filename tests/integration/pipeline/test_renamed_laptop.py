"""A laptop that gets another name leaves nothing of its record behind, and says where it may not write."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from shutil import chown

import pytest

from agent.audit import Report, VerifierKey, utc_now, verify_copy
from agent.model.removal import Known
from agent.pipeline.doctor import examine
from agent.pipeline.doctor_finding import CheckResult, Finding
from agent.pipeline.places import log_key
from agent.record.published import origin
from tests.laptop import Heard, Laptop
from tests.servers.fixtures import chrooted_sshd  # noqa: F401  # the fixture behind `laptop`
from tests.servers.openssh import OpenSSH


@pytest.fixture
def laptop(chrooted_sshd: OpenSSH, tmp_path: Path) -> Iterator[Laptop]:  # noqa: F811  # the fixture imported above
    """On a server that lets it into visits/ and into no folder of record/, as an account without privileges."""
    laptop = Laptop(tmp_path / "laptop", chrooted_sshd)
    for name in ("record", "visits"):
        (laptop.share / name).mkdir()
    chown(laptop.share, 0, 0)
    chown(laptop.share / "visits", chrooted_sshd.user)
    key = laptop.settings.key_file.with_name("log_ed25519")
    key.unlink(missing_ok=True)
    yield laptop
    key.unlink(missing_ok=True)


def let_in(laptop: Laptop, name: str) -> Path:
    """Enrol a laptop as add-device.sh does."""
    folder = laptop.share / "record" / name
    folder.mkdir()
    chown(folder, laptop.server.user)
    return folder


def call(laptop: Laptop, name: str) -> None:
    laptop.configure(device={"name": name})


def judged(laptop: Laptop, *names: str) -> dict[str, Report]:
    public = log_key(laptop.settings).load().key.public
    keys = [VerifierKey(origin(name), public) for name in names]
    now = utc_now()
    return {one.device: one for one in verify_copy(laptop.share, keys, now=now, max_silence=timedelta(days=3))}


def kinds(laptop: Laptop) -> list[tuple[str, str]]:
    chosen = [f"--kind={kind}" for kind in ("transferred", "removed", "renamed")]
    shown = laptop.command("log", "show", "--json", *chosen)
    return [(line["device"], line["kind"]) for line in map(json.loads, shown.stdout.splitlines())]


def notices(heard: Heard) -> str:
    return "\n".join(str(event.details["text"]) for event in heard.events if event.what.value == "notice")


def doctor(laptop: Laptop, check: str) -> Finding:
    found: list[Finding] = laptop.look(lambda context: list(examine(context, lambda: (True, Known.YES))))
    return next(one for one in found if one.check == check)


def test_a_record_that_may_not_be_written_is_a_fault_of_the_run_and_is_shown(laptop: Laptop) -> None:
    photo = laptop.photo("a.jpg")
    heard = Heard()
    summary = laptop.run(heard)
    assert (summary.removed, photo.exists(), summary.exit_code) == (1, False, 3)
    assert "write to record/laptop-17" in notices(heard)
    assert "stays here" not in notices(heard)
    assert "record/laptop-17" in laptop.command("status").stdout
    assert "record/laptop-17" in json.loads(laptop.command("status", "--json").stdout)["record"]["trouble"]
    assert doctor(laptop, "record").mark is CheckResult.FAIL
    assert (doctor(laptop, "share record").mark, doctor(laptop, "share writing").mark) == (
        CheckResult.FAIL,
        CheckResult.OK,
    )
    assert "add-device.sh laptop-17" in doctor(laptop, "share record").advice
    assert laptop.command("sync").returncode == 3
    let_in(laptop, "laptop-17")
    assert laptop.command("sync").returncode == 0
    assert doctor(laptop, "record").mark is doctor(laptop, "share record").mark is CheckResult.OK
    assert json.loads(laptop.command("status", "--json").stdout)["record"]["trouble"] is None
    assert judged(laptop, "laptop-17")["laptop-17"].findings == ()


def test_doctors_test_of_the_record_folder_leaves_nothing_there(laptop: Laptop) -> None:
    folder = let_in(laptop, "laptop-17")
    assert doctor(laptop, "share record").mark is CheckResult.OK
    assert list(folder.iterdir()) == []


def test_the_old_record_is_sent_to_its_own_folder_where_that_is_open(laptop: Laptop) -> None:
    laptop.photo("a.jpg")
    assert laptop.run().exit_code == 3
    for name in ("laptop-17", "laptop-18"):
        let_in(laptop, name)
    call(laptop, "laptop-18")
    assert laptop.run().exit_code == 0
    reports = judged(laptop, "laptop-17", "laptop-18")
    assert {name: report.findings for name, report in reports.items()} == {"laptop-17": (), "laptop-18": ()}
    assert kinds(laptop) == [
        ("laptop-17", "transferred"),
        ("laptop-17", "removed"),
        ("laptop-17", "renamed"),
        ("laptop-18", "renamed"),
    ]
    first = json.loads((laptop.home / "state/record/laptop-18/entries.jsonl").read_text().splitlines()[0])
    assert (first["kind"], first["body"]["entries"], first["body"]["root"]) == (
        "renamed",
        reports["laptop-17"].signed,
        reports["laptop-17"].root,
    )
    assert not list((laptop.share / "record" / "laptop-18").glob("was-*"))


def test_the_new_folder_takes_the_old_record_where_its_own_stays_closed(laptop: Laptop) -> None:
    """A laptop that started under its host's name, which the server does not know."""
    call(laptop, "host-name")
    laptop.photo("a.jpg")
    assert laptop.run().exit_code == 3
    call(laptop, "laptop-17")
    folder = let_in(laptop, "laptop-17")
    assert laptop.run().exit_code == 0
    assert len(list(folder.glob("was-host-name-publication-*"))) == 2
    reports = judged(laptop, "laptop-17")  # the other name was never enrolled
    assert {name: one.findings for name, one in reports.items()} == {"laptop-17": (), "host-name": ()}
    shown = laptop.command("log", "show", laptop.share, "--json")
    assert shown.returncode == 0, shown.stderr
    (row,) = map(json.loads, shown.stdout.splitlines())
    assert (row["device"], row["removed"]) == ("host-name", True)
    assert laptop.command("log", "show", "--share", "--json").stdout == shown.stdout
    before = sorted(path.name for path in folder.iterdir())
    assert laptop.run().exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_photo_removed_under_the_new_name_is_one_transfer_removed(laptop: Laptop) -> None:
    let_in(laptop, "laptop-17")
    let_in(laptop, "laptop-18")
    laptop.configure(removal={"keep_hours": 1})
    laptop.photo("a.jpg")
    laptop.run()
    laptop.configure(device={"name": "laptop-18"})
    assert laptop.run().exit_code == 0
    for words in ((), (laptop.share,)):
        (row,) = map(json.loads, laptop.command("log", "show", "--json", *words).stdout.splitlines())
        assert (row["device"], row["removed"]) == ("laptop-17", True)


def test_a_record_under_an_old_name_that_is_missing_or_short_shows(laptop: Laptop) -> None:
    for name in ("laptop-17", "laptop-18"):
        let_in(laptop, name)
    laptop.photo("a.jpg")
    laptop.run()
    call(laptop, "laptop-18")
    laptop.run()
    max((laptop.share / "record" / "laptop-17").iterdir()).unlink()
    reports = judged(laptop, "laptop-17", "laptop-18")
    assert reports["laptop-18"].exit_code == 11
    assert "its record under its old name, laptop-17, had" in reports["laptop-18"].findings[0].text


def test_a_laptop_that_gets_its_old_name_back_goes_on_where_it_was(laptop: Laptop) -> None:
    for name in ("laptop-17", "laptop-18"):
        let_in(laptop, name)
    for number, name in enumerate(("laptop-17", "laptop-18", "laptop-17", "laptop-18")):
        call(laptop, name)
        laptop.photo(f"{number}.jpg", seed=number)
        assert laptop.run().exit_code == 0
    reports = judged(laptop, "laptop-17", "laptop-18")
    assert {name: report.findings for name, report in reports.items()} == {"laptop-17": (), "laptop-18": ()}
    assert [device for device, kind in kinds(laptop) if kind == "renamed"] == ["laptop-17"] * 3 + ["laptop-18"] * 3
    assert sum(kind == "removed" for _, kind in kinds(laptop)) == 4
    assert laptop.command("log", "verify").returncode == 0


def test_entries_carry_the_shares_time(laptop: Laptop) -> None:
    let_in(laptop, "laptop-17")
    laptop.photo("a.jpg")
    laptop.run()
    written = (laptop.home / "state/record/laptop-17/entries.jsonl").read_text()
    entries = [json.loads(line) for line in written.splitlines()]
    assert {entry["kind"] for entry in entries if "share_at" in entry} >= {"transferred", "removed", "heartbeat"}
