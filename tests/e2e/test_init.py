"""`init` against a real server: settings, keys and the pinned host key; existing files are never overwritten."""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.settings import load
from agent.share import scan_host_key
from tests.laptop import Laptop
from tests.servers.openssh import OpenSSH


@pytest.fixture
def fresh(laptop: Laptop) -> Laptop:
    """A laptop on which nothing is set up; its server and register are there."""
    laptop.config.unlink()
    return laptop


def init(laptop: Laptop, *more: str) -> subprocess.CompletedProcess[str]:
    """With the flags that are needed; no terminal to ask on."""
    return laptop.command(
        "init",
        *("--staff", "j.smith", "--watch", str(laptop.imports), "--host", laptop.server.host),
        *("--port", str(laptop.server.port), "--user", laptop.server.user, "--path", laptop.server.root),
        *("--timezone", "Europe/London", "--name", "laptop-17"),
        *more,
        env=places(laptop),
    )


def places(laptop: Laptop) -> dict[str, str]:
    """Where settings and state go, on this laptop only."""
    return {"XDG_CONFIG_HOME": str(laptop.home / "config"), "XDG_STATE_HOME": str(laptop.home / "xdg-state")}


@contextmanager
def authorized(server: OpenSSH, line: str) -> Iterator[None]:
    """IT enters the laptop's key on the server, for as long as this lasts."""
    file = server.base / "authorized_keys"
    before = file.read_text()
    file.write_text(f"{before}{line}\n")
    yield
    file.write_text(before)


def fingerprint(laptop: Laptop) -> str:
    return scan_host_key(laptop.server.host, laptop.server.port, 10).fingerprint


def keys(laptop: Laptop) -> dict[str, bytes]:
    folder = laptop.home / "config" / "photo-agent"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_with_the_fingerprint_that_it_gave_everything_is_set_up(fresh: Laptop, sshd: OpenSSH) -> None:
    done = init(fresh, "--host-key", fingerprint(fresh), "--json")

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.keys() == {"settings", "device", "user", "ssh_key", "log_key", "add_device", "fingerprint"}
    assert told["ssh_key"].startswith("ssh-ed25519 ")
    assert told["ssh_key"] != told["log_key"]
    both = f"'{told['ssh_key']}' --log-key '{told['log_key']}'"
    assert told["add_device"] == f"install/server/add-device.sh laptop-17 {both} --user {sshd.user}"
    assert load(fresh.config).device.staff == "j.smith"
    made = keys(fresh)
    assert {"id_ed25519", "log_ed25519", "known_hosts"} <= made.keys()
    for private in ("id_ed25519", "log_ed25519"):
        assert (fresh.home / "config" / "photo-agent" / private).stat().st_mode & 0o077 == 0

    fresh.photo("IMG_1.jpg")
    fresh.config.write_text(fresh.config.read_text().replace("[folders]", "[folders]\nsettle_seconds = 0"))
    with authorized(sshd, told["ssh_key"]):
        assert fresh.command("sync", env=places(fresh)).returncode == 0, "it works at once"
    assert len(fresh.on_share()) == 1


def test_with_another_fingerprint_nothing_is_pinned(fresh: Laptop) -> None:
    done = init(fresh, "--host-key", "SHA256:" + "A" * 43)
    assert done.returncode == 6
    assert "nothing was pinned" in done.stderr
    assert fingerprint(fresh) in done.stderr
    assert not keys(fresh)
    assert not fresh.config.exists()


def test_without_a_fingerprint_and_without_a_person_nothing_is_pinned(fresh: Laptop) -> None:
    done = init(fresh)
    assert done.returncode == 6
    assert fingerprint(fresh) in done.stderr
    assert "--host-key" in done.stderr
    assert not keys(fresh)
    assert not fresh.config.exists()


def test_once_more_keeps_the_keys_and_the_settings_that_are_there(fresh: Laptop) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    before, settings = keys(fresh), fresh.config.read_text()

    again = init(fresh, "--host-key", fingerprint(fresh), "--staff", "somebody.else")
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert fresh.config.read_text() == settings

    forced = init(fresh, "--host-key", fingerprint(fresh), "--staff", "somebody.else", "--force")
    assert forced.returncode == 0
    assert load(fresh.config).device.staff == "somebody.else"
    assert keys(fresh) == before


def test_the_same_set_up_once_more_just_works(fresh: Laptop) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    fresh.config.write_text(fresh.config.read_text().replace("# settle_seconds = 5", "settle_seconds = 7  # IT"))
    before, settings = keys(fresh), fresh.config.read_text()

    again = init(fresh)

    assert again.returncode == 0, again.stderr
    assert "add-device.sh laptop-17" in again.stdout
    assert (keys(fresh), fresh.config.read_text()) == (before, settings)


def test_other_values_are_named_and_change_only_what_they_name(fresh: Laptop) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    fresh.config.write_text(fresh.config.read_text().replace("# settle_seconds = 5", "settle_seconds = 7  # IT"))
    settings = fresh.config.read_text()

    refused = init(fresh, "--visits", "share:register/visits.ics")
    assert refused.returncode == 2
    assert "share:register/visits.ics" in refused.stderr
    assert "share:register/visits.csv" in refused.stderr
    assert fresh.config.read_text() == settings

    assert init(fresh, "--visits", "share:register/visits.ics", "--force").returncode == 0
    changed = [line for line in fresh.config.read_text().splitlines() if line not in settings.splitlines()]
    assert changed == ['visits = "share:register/visits.ics"']


def test_a_changed_host_key_is_not_pinned_in_place_of_the_old_one(fresh: Laptop, sshd: OpenSSH) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    old, before = fingerprint(fresh), keys(fresh)["known_hosts"]
    sshd.change_host_key()

    done = init(fresh, "--force")

    assert done.returncode == 6
    assert "changed" in done.stderr
    assert old in done.stderr
    assert fingerprint(fresh) in done.stderr
    assert keys(fresh)["known_hosts"] == before

    assert init(fresh, "--host-key", fingerprint(fresh)).returncode == 0
    assert fingerprint(fresh) in init(fresh, "--host-key", old).stderr
    assert keys(fresh)["known_hosts"] != before


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc here")
def test_a_file_that_it_gives_to_all_laptops_is_not_pinned_into(fresh: Laptop) -> None:
    """Where IT gives known_hosts to all laptops, a user cannot write it."""
    init(fresh, "--host-key", fingerprint(fresh))
    theirs = "/proc/known_hosts"  # a folder in which not even root can make a file
    assert fresh.command("config", "set", "share.known_hosts_file", theirs, env=places(fresh)).returncode == 0
    done = init(fresh, "--host-key", fingerprint(fresh))
    assert done.returncode == 2
    assert "IT must put the server's new key into it" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_key_is_shown_with_its_fingerprint_for_it_to_compare(fresh: Laptop, tmp_path: Path) -> None:
    done = init(fresh, "--host-key", fingerprint(fresh), "--enrolment", str(tmp_path))
    (left,) = tmp_path.glob("*.enrolment")
    shown = re.search(r"^fingerprint: (SHA256:\S+)$", left.read_text("utf-8"), re.MULTILINE)
    assert shown is not None
    assert f"for IT to compare: {shown[1]}" in done.stdout
    assert "add-device.sh --from FOLDER" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal to type on is a pseudo-terminal of POSIX")
@pytest.mark.parametrize(("typed", "code"), [("y", 6), ("", 6), ("FINGERPRINT", 0)])
def test_a_changed_host_key_needs_its_fingerprint_typed(fresh: Laptop, sshd: OpenSSH, typed: str, code: int) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    old, before = fingerprint(fresh), keys(fresh)["known_hosts"]
    sshd.change_host_key()

    done, shown = at_a_terminal(fresh, ["init"], [typed.replace("FINGERPRINT", fingerprint(fresh))])

    assert done == code, shown
    assert "changed" in shown
    assert old in shown
    assert fingerprint(fresh) in shown
    assert (keys(fresh)["known_hosts"] == before) == (code != 0)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal to type on is a pseudo-terminal of POSIX")
def test_a_person_is_asked_for_the_zone_where_the_computer_says_utc(fresh: Laptop) -> None:
    flags = ["--staff", "j.smith", "--watch", str(fresh.imports), "--host", "share.example", "--user", "laptop-17"]
    done, shown = at_a_terminal(fresh, ["init", *flags, "--no-server"], ["", "Londn", "Europe/London"], TZ="Etc/UTC")
    assert done == 0, shown
    assert "did you mean Europe/London" in shown
    assert load(fresh.config).device.timezone == "Europe/London"


def test_yes_asks_nothing_and_names_what_is_missing(fresh: Laptop) -> None:
    flags = ("--staff", "j.smith", "--host", fresh.server.host, "--user", "laptop-17", "--yes", "--no-server")
    env = {**places(fresh), "TZ": "UTC"}
    done = fresh.command("init", *flags, env=env)
    assert done.returncode == 2
    assert "--timezone" in done.stderr
    assert not fresh.config.exists()

    done = fresh.command("init", *flags, "--timezone", "Europe/Paris", env=env)
    assert done.returncode == 0, done.stderr
    assert load(fresh.config).folders.watch == ("~/Pictures/Camera Imports",)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--timezone", "Europe/Londn"), "device.timezone"),
        (("--enrolment", "/nowhere/at/all"), "/nowhere/at/all"),
        (("--path", "photos"), "share.path"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(fresh: Laptop, flags: tuple[str, ...], named: str) -> None:
    done = init(fresh, "--host-key", fingerprint(fresh), *flags)
    assert done.returncode == 2
    assert named in done.stderr
    assert "Nothing was written" in done.stderr
    assert not fresh.config.exists()
    assert not keys(fresh)


def at_a_terminal(laptop: Laptop, words: list[str], answers: list[str], **env: str) -> tuple[int, str]:
    """The exit code and all output, with these answers typed at one question after the other."""
    import pty

    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        laptop.line(*words),
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**laptop.environment, **places(laptop), **env},
    )
    os.close(terminal)
    os.write(controller, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(controller, 4096):
            shown += part
    os.close(controller)
    return process.wait(timeout=60), shown.decode()


@pytest.mark.parametrize("missing", ["--staff", "--host", "--user"])
def test_what_is_missing_is_named_where_there_is_no_terminal_to_ask_on(fresh: Laptop, missing: str) -> None:
    flags = {"--staff": "j.smith", "--host": "share.example", "--user": "laptop-17"}
    words = [word for flag, value in flags.items() if flag != missing for word in (flag, value)]
    done = fresh.command("init", *words, "--no-server")
    assert done.returncode == 2
    assert missing in done.stderr
    assert not fresh.config.exists()


def test_a_server_that_is_not_there_leaves_the_host_key_for_later(fresh: Laptop, sshd: OpenSSH) -> None:
    sshd.stop()
    done = init(fresh, "--host-key", "SHA256:" + "A" * 43)
    assert done.returncode == 0
    assert "not pinned" in done.stderr
    assert Path(fresh.config).exists()


def test_one_setting_is_changed_by_a_command(fresh: Laptop) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    settings = fresh.config.read_text()
    done = fresh.command("config", "set", "removal.keep_hours", "2")
    assert (done.returncode, load(fresh.config).removal.keep_hours) == (0, 2), done.stderr
    assert "removal.keep_hours is now 2," in done.stdout
    assert fresh.command("config", "set", "removal.keep_hours", "many").returncode == 2
    assert fresh.config.read_text() == settings.replace("# keep_hours = 0", "keep_hours = 2")
