"""Something answers on the share's port that is not a usable SFTP server: the true reason is reported."""

import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import ShareUnreachable
from agent.share import Server, make_key, open_share, pin, scan_host_key
from agent.share.connection import open_channel
from agent.share.firstwords import parse
from agent.share.hostkeys import HostKey, decoded, find, host_key, pinned
from tests.servers.others import PATHS

HTTP = b"HTTP/1.1 302 Found\r\nLocation: http://login.wifi.example/\r\n\r\n<html><body>Log in</body></html>"
OLD = (
    b"diffie-hellman-group1-sha1",
    b"ssh-dss",
    b"3des-cbc",
    b"3des-cbc",
    b"hmac-md5",
    b"hmac-md5",
    b"none",
    b"none",
    b"",
    b"",
)


def old_server() -> bytes:
    """The banner and first packet of a server with algorithms of the last century."""
    lists = b"".join(struct.pack(">I", len(names)) + names for names in OLD)
    payload = b"\x14" + bytes(16) + lists + bytes(5)
    padding = 8 - (len(payload) + 5) % 8 + 8
    return (
        b"SSH-2.0-OldSSH_1.0\r\n" + struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)
    )


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Something on a port, for each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    answer(connection)
                    while connection.recv(65536):
                        pass
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        with suppress(OSError):  # Windows has no such end for it; there it is enough that it is closed
            listening.shutdown(socket.SHUT_RDWR)


def said(port: int, folder: Path, patience: float = 5) -> list[str]:
    """The messages of the run and of `init`, after so many seconds without an answer."""
    key_file, known = folder / "key", folder / "known"
    make_key(key_file, "laptop-17")
    pin(known, "127.0.0.1", port, host_key("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(32)))
    server = Server("127.0.0.1", port, "laptop-17", "/", key_file, known, "laptop-17", timeout=patience)
    texts = []
    attempts: tuple[Callable[[], object], ...] = (
        lambda: open_channel(server),
        lambda: open_share(server, clock=lambda: datetime.now(UTC)),
        lambda: scan_host_key("127.0.0.1", port, patience),
    )
    for attempt in attempts:
        with pytest.raises(ShareUnreachable) as refused:
            attempt()
        texts.append(str(refused.value))
    return texts


def web_page(connection: socket.socket) -> None:
    connection.recv(100)
    connection.sendall(HTTP)
    connection.shutdown(socket.SHUT_WR)


def test_a_network_with_a_log_in_page_is_reported_as_such(tmp_path: Path) -> None:
    with answering(web_page) as port:
        for text in said(port, tmp_path):
            assert "log in on a web page first" in text


def test_a_server_with_old_algorithms_alone_is_reported_with_their_names(tmp_path: Path) -> None:
    with answering(lambda connection: connection.sendall(old_server())) as port:
        for text in said(port, tmp_path):
            assert "it offers only" in text
            assert "diffie-hellman-group1-sha1" in text
            assert "OldSSH_1.0" in text
            assert "IT must update it" in text


@pytest.mark.slow
def test_another_service_on_the_port_is_reported_with_its_first_words(tmp_path: Path) -> None:
    with answering(lambda connection: connection.sendall(b"220 mail.school.example ESMTP\r\n")) as port:
        for text in said(port, tmp_path, patience=3):
            assert "not as an SSH server" in text
            assert "220 mail.school.example" in text


@pytest.mark.skipif(
    shutil.which("tinysshd", path=PATHS) is None, reason="tinysshd (Debian: tinysshd) is not installed here"
)
def test_tinysshd_without_a_cipher_of_ours_is_reported_by_its_algorithms(tmp_path: Path) -> None:
    """A real server: it has chacha20-poly1305 alone, which paramiko does not."""
    program = shutil.which("tinysshd", path=PATHS)
    assert program is not None
    keys = tmp_path / "keys"
    subprocess.run([shutil.which("tinysshd-makekey", path=PATHS) or "tinysshd-makekey", "-q", str(keys)], check=True)

    def serve(connection: socket.socket) -> None:
        subprocess.run(
            [program, "-l", str(keys)], check=False, stdin=connection, stdout=connection, stderr=subprocess.DEVNULL
        )

    with answering(serve) as port:
        for text in said(port, tmp_path):
            assert "chacha20-poly1305@openssh.com" in text


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_half_a_first_packet_says_nothing(length: int) -> None:
    whole = old_server()
    assert parse(whole) is not None
    offer = parse(whole[: 20 + length])
    assert offer is None or offer.software == "OldSSH_1.0"


LINE = "photos.school.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFvEhjG2V4VuJ4Bk5OyXb8sNqZ0L8bYQ5h3sYw2nQm1c\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_host_key_file_in_any_encoding_of_windows_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(LINE.replace("\n", "\r\n").encode(encoding))
    known = pinned(file, "photos.school.example", 22)
    assert known == find(LINE, "photos.school.example", 22)
    assert len(known.keys) == 1
    other = HostKey(known.keys[0].type, known.keys[0].base64, known.keys[0].fingerprint)
    pin(file, "other.example", 22, other)
    assert len(pinned(file, "photos.school.example", 22).keys) == 1, "lines for other servers stay"
    assert "\0" not in decoded(file.read_bytes())
