"""Notes, checkpoints and keys are as C2SP says, and nothing else passes for them."""

import base64
import contextlib
import errno
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.errors import RecordError
from agent.record.checkpoint import Checkpoint, checkpoint_of, read_checkpoint, read_rotation, sign_rotation
from agent.record.keys import NEXT, SERVICE, KeyPlace, LogKey, read_keys, ssh_line, system_ring
from agent.record.note import NoteFault, VerifierKey, open_note, sign_note
from tests.unit.record.logkeys import key_of

# From the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_go_signed_opens_and_its_key_is_written_the_same() -> None:
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    assert open_note(GO_NOTE.encode(), [key]).signed_by == (key,)


def test_every_bit_of_a_note_counts(signer: LogKey) -> None:
    note = sign_note("visit-photo-agent/laptop-17\n1\n", signer).encode()
    assert open_note(note, [signer.key]).signed_by == (signer.key,)
    for place in range(len(note)):
        for bit in range(8):
            changed = note[:place] + bytes([note[place] ^ 1 << bit]) + note[place + 1 :]
            with contextlib.suppress(NoteFault):
                assert open_note(changed, [signer.key]).signed_by == ()


def test_a_signature_of_a_key_that_is_not_known_is_counted_and_not_believed(signer: LogKey) -> None:
    witness = key_of("witness")
    note = sign_note("text\n", signer, witness).encode()
    opened = open_note(note, [signer.key])
    assert (opened.signed_by, opened.unknown, opened.text) == ((signer.key,), 1, "text\n")
    assert open_note(note, []).signed_by == ()


@pytest.mark.parametrize(
    "note",
    [b"", b"\n", b"text\n", b"text\n\n", b"\n\n", b"text\n\n\n", b"text\n\nno signature\n", b"\xff\n\n", b"a\tb\n\n",
     b"text\n\n\xe2\x80\x94 name\n", "text\n\n— name AAAA\n".encode(), "text\n\n— name AAAAAAAAAA==".encode(),
     "text\n\n— name AAAAAAAAAB==\n".encode(), b"x" * 1_000_001],
)  # fmt: skip
def test_what_is_no_signed_note_is_reported(note: bytes) -> None:
    with pytest.raises(NoteFault):
        open_note(note, [])


@pytest.mark.parametrize("text", ["", "no line end", "a\tb\n"])
def test_what_no_note_can_hold_is_not_signed(signer: LogKey, text: str) -> None:
    with pytest.raises(ValueError, match="whole lines"):
        sign_note(text, signer)


def test_a_checkpoint_is_written_as_c2sp_has_it() -> None:
    checkpoint = Checkpoint("visit-photo-agent/laptop-17", 129, bytes(range(32)))
    root = base64.b64encode(bytes(range(32))).decode()
    assert checkpoint.text == f"visit-photo-agent/laptop-17\n129\n{root}\n"
    assert read_checkpoint(checkpoint.text) == checkpoint
    assert read_checkpoint(checkpoint.text + "extension 1\n") == checkpoint


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", f"\n1\n{ROOT}\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n", f"a\n1 \n{ROOT}\n", f"a\n1\n{ROOT}",
     "a\n1\nAAAA\n", f"a\n1\n{ROOT[:-1]}\n", f"a\n1\n{ROOT[:-2]}B=\n", f"a\n1\n{ROOT}\n\nb\n", f"a\n٣\n{ROOT}\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_reported(text: str) -> None:
    with pytest.raises(NoteFault):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a+b", "+00000000+AAAA", GO_KEY.replace("c7", "c8"), GO_KEY[:-1], GO_KEY.replace("+ARpc", "+ARpd"),
     GO_KEY.replace("Peter", "Peter "), GO_KEY.replace("+AR", "+BR")],
)  # fmt: skip
def test_what_is_no_verifier_key_is_reported(text: str) -> None:
    with pytest.raises(ValueError, match="verifier key"):
        VerifierKey.parse(text)


# --- Rotation ---


def test_a_rotation_is_signed_by_both_keys_and_is_no_checkpoint(signer: LogKey) -> None:
    new = key_of("laptop-17", "new")
    note = sign_rotation("visit-photo-agent/laptop-17", 7, signer, new).encode()
    rotation, by_old = read_rotation(note)
    assert (rotation.size, rotation.old, rotation.new, by_old) == (7, signer.key, new.key, True)
    with pytest.raises(NoteFault, match="not a checkpoint"):
        checkpoint_of(note)
    for place in range(len(note)):
        for bit in range(8):
            with pytest.raises(NoteFault):
                read_rotation(note[:place] + bytes([note[place] ^ 1 << bit]) + note[place + 1 :])


def test_a_rotation_from_a_lost_key_says_so(signer: LogKey) -> None:
    new = key_of("laptop-17", "new")
    _, by_old = read_rotation(sign_rotation("visit-photo-agent/laptop-17", 7, signer.key, new).encode())
    assert by_old is False


# --- Enrolled keys ---


def test_keys_are_read_as_init_and_as_log_key_print_them(signer: LogKey) -> None:
    other = key_of("laptop-18")
    text = f"# our laptops\n\n{signer.key}\n{ssh_line(other.key, 'photo-agent log laptop-18')}\n"
    assert read_keys(text) == [signer.key, other.key]


@pytest.mark.parametrize(
    "line",
    ["x", "ssh-ed25519 AAAA photo-agent log laptop-17", "ssh-rsa AAAA photo-agent log laptop-17",
     "ssh-ed25519 !!!! photo-agent log laptop-17",
     "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW photo-agent laptop-17"],
)  # fmt: skip
def test_a_line_that_is_no_log_key_is_reported_with_its_number(line: str) -> None:
    with pytest.raises(ValueError, match="line 2: this"):
        read_keys(f"\n{line}\n")


# --- Where the key is kept ---


class InMemory:
    """Behaves like a backend of `keyring`."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.kept[service, username]


@pytest.fixture(params=["file", "keyring"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> KeyPlace:
    return KeyPlace(tmp_path / "log_ed25519", "laptop-17", InMemory() if request.param == "keyring" else None)


def test_a_key_that_was_made_is_the_one_that_is_loaded(place: KeyPlace) -> None:
    made = place.make()
    assert place.load().key == place.make().key == made.key
    assert made.key.verifies(place.load().sign(b"message"), b"message")
    assert not made.key.verifies(made.sign(b"message"), b"another")


def test_a_key_that_cannot_be_written_is_reported_and_not_thrown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("agent.record.keys.create_file", full)
    with pytest.raises(RecordError, match="cannot be written"):
        KeyPlace(tmp_path / "log_ed25519", "laptop-17", None).make()


def test_a_laptop_without_a_key_is_told_what_to_do(place: KeyPlace) -> None:
    with pytest.raises(RecordError, match="photo-agent init"):
        place.load()


def test_the_next_key_comes_into_use_when_the_rotation_is_done(place: KeyPlace) -> None:
    old, new = place.make(), place.next()
    assert place.next().key == new.key != old.key
    assert place.load().key == old.key  # not yet
    following = place.following()
    assert following is not None
    assert following.key == new.key
    place.switch()
    assert (place.load().key, place.following()) == (new.key, None)
    assert place.next().key not in {old.key, new.key}


def test_a_file_is_its_owners_alone_and_in_openssh_format(tmp_path: Path) -> None:
    KeyPlace(tmp_path / "keys" / "log_ed25519", "laptop-17", None).make()
    content = (tmp_path / "keys" / "log_ed25519").read_bytes()
    assert content.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "keys" / "log_ed25519").stat().st_mode) == 0o600


def test_a_keyring_leaves_no_file(tmp_path: Path) -> None:
    ring = InMemory()
    place = KeyPlace(tmp_path / "log_ed25519", "laptop-17", ring)
    assert place.description == "the system's keyring"
    place.make()
    place.next()
    place.switch()
    assert list(tmp_path.iterdir()) == []
    assert list(ring.kept) == [(SERVICE, "laptop-17")]


def test_a_key_file_from_before_the_keyring_stays_in_use(tmp_path: Path) -> None:
    file = tmp_path / "log_ed25519"
    old = KeyPlace(file, "laptop-17", None).make()
    place = KeyPlace(file, "laptop-17", InMemory())
    assert place.load().key == old.key
    assert "only you" in place.description
    new = place.next()
    place.switch()
    assert (place.load().key, file.exists()) == (new.key, False)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n"])
def test_a_damaged_key_is_reported_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "log_ed25519"
    file.write_bytes(content)
    place = KeyPlace(file, "laptop-17", None)
    for step in (place.load, place.make):
        with pytest.raises(RecordError, match="cannot be used"):
            step()
    assert file.read_bytes() == content


def test_a_damaged_key_in_the_keyring_is_reported(tmp_path: Path) -> None:
    ring = InMemory()
    ring.set_password(SERVICE, "laptop-17" + NEXT, "%%%")
    with pytest.raises(RecordError, match="damaged"):
        KeyPlace(tmp_path / "log_ed25519", "laptop-17", ring).next()


def test_a_key_of_another_kind_is_reported(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    file = tmp_path / "log_ed25519"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    with pytest.raises(RecordError, match="not an Ed25519 key"):
        KeyPlace(file, "laptop-17", None).load()


def test_without_the_keyring_package_there_is_no_keyring() -> None:
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]  # optional
    except ImportError:
        assert system_ring() is None
    else:
        assert keyring.get_keyring().priority >= 1 or system_ring() is None


def test_a_key_made_here_is_one_that_openssh_reads(tmp_path: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen")
    made = KeyPlace(tmp_path / "log_ed25519", "laptop-17", None).make()
    told = subprocess.run(
        ["ssh-keygen", "-y", "-f", tmp_path / "log_ed25519"], capture_output=True, text=True, check=True
    ).stdout
    assert told.split()[:2] == ssh_line(made.key, "").split()


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    assert not VerifierKey("name", b"\xff" * 32).verifies(Ed25519PrivateKey.generate().sign(b"x"), b"x")
