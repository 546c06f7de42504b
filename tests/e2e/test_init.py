"""`init` against a real server: settings, keys and the pinned host key, and never over what is there."""

import json
import subprocess
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
        stdin=subprocess.DEVNULL,
        env=places(laptop),
    )


def places(laptop: Laptop) -> dict[str, str]:
    """Where settings and state belong, on this laptop alone."""
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
    assert told.keys() == {"settings", "device", "user", "ssh_key", "log_key", "add_device"}
    assert told["ssh_key"].startswith("ssh-ed25519 ")
    assert told["ssh_key"] != told["log_key"]
    assert told["add_device"] == f"install/server/add-device.sh laptop-17 '{told['ssh_key']}' --user {sshd.user}"
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
    assert "known_hosts" not in keys(fresh)


def test_without_a_fingerprint_and_without_a_person_nothing_is_pinned(fresh: Laptop) -> None:
    done = init(fresh)
    assert done.returncode == 6
    assert fingerprint(fresh) in done.stderr
    assert "known_hosts" not in keys(fresh)


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


def test_a_changed_host_key_is_not_pinned_in_place_of_the_old_one(fresh: Laptop, sshd: OpenSSH) -> None:
    init(fresh, "--host-key", fingerprint(fresh))
    before = keys(fresh)["known_hosts"]
    sshd.change_host_key()

    done = init(fresh, "--force")

    assert done.returncode == 6
    assert keys(fresh)["known_hosts"] == before


@pytest.mark.parametrize("missing", ["--staff", "--host", "--user"])
def test_what_is_missing_is_named_where_there_is_no_terminal_to_ask_on(fresh: Laptop, missing: str) -> None:
    flags = {"--staff": "j.smith", "--host": "share.example", "--user": "laptop-17"}
    words = [word for flag, value in flags.items() if flag != missing for word in (flag, value)]
    done = fresh.command("init", *words, "--no-server", stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert missing in done.stderr
    assert not fresh.config.exists()


def test_a_server_that_is_not_there_leaves_the_host_key_for_later(fresh: Laptop, sshd: OpenSSH) -> None:
    sshd.stop()
    done = init(fresh, "--host-key", "SHA256:" + "A" * 43)
    assert done.returncode == 0
    assert "not pinned" in done.stderr
    assert Path(fresh.config).exists()
