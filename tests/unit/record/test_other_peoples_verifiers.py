"""Other people's verifiers read what is published: Go's note and tlog packages, and plain `sha256sum`."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.audit.witness import Witness
from agent.record import Record
from agent.record.keys import LogKey
from agent.record.leaf import LEAF_LINE, read_leaf_line
from agent.record.tree import consistency_ranges, inclusion_ranges, leaf_hash, prove, root_of
from tests.unit.record.before import published
from tests.unit.record.copies import NOW

PACKAGES = Path("/usr/share/gocode")
SOURCES = Path(__file__).with_name("data")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds one of the Go programs in data/."""
    if shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/note").is_dir():
        pytest.skip("no Go verifier here (Debian: golang-go, golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("judges")
    env = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }

    def build(name: str) -> Path:
        subprocess.run(["go", "build", "-o", folder / name, SOURCES / f"{name}.go"], env=env, check=True, timeout=110)
        return folder / name

    return build


@pytest.fixture(scope="session")
def judge(built: Callable[[str], Path]) -> Path:
    """For checkpoints and proofs."""
    return built("judge")


@pytest.fixture(scope="session")
def cojudge(built: Callable[[str], Path]) -> Path:
    """For cosignatures."""
    return built("cojudge")


@pytest.fixture
def copy(record: Record, tmp_path: Path, signer: LogKey) -> Path:
    return published(record, tmp_path / "share", signer, [1, 2, 4, 13, 30])


def leaves_of(copy: Path) -> list[bytes]:
    content = b"".join(path.read_bytes() for path in sorted(copy.glob("leaves-*")))
    return [
        leaf_hash(read_leaf_line(content[start : start + LEAF_LINE])[0]) for start in range(0, len(content), LEAF_LINE)
    ]


def test_go_believes_every_checkpoint_and_every_proof(judge: Path, copy: Path, signer: LogKey, tmp_path: Path) -> None:
    leaves = leaves_of(copy)

    def hashes(ranges: list[tuple[int, int]]) -> list[str]:
        return [base64.b64encode(one).decode() for one in prove(ranges, lambda a, b: root_of(leaves[a:b]))]

    size = len(leaves)
    proofs = {
        "inclusion": [[n, of, hashes(inclusion_ranges(n, of))] for of in (1, 3, 7, 20, size) for n in range(of)],
        "consistency": [[old, size, hashes(consistency_ranges(old, size))] for old in range(1, size + 1)],
    }
    (tmp_path / "proofs.json").write_text(json.dumps(proofs))
    told = subprocess.run(
        [judge, str(signer.key), copy, tmp_path / "proofs.json"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    roots = [f"{of} {base64.b64encode(root_of(leaves[:of])).decode()}" for of in (1, 3, 7, 20, 50)]
    assert told == [*roots, str(sum(map(len, proofs.values())))]


def test_go_refuses_what_was_changed(judge: Path, copy: Path, signer: LogKey, tmp_path: Path) -> None:
    (tmp_path / "proofs.json").write_text("{}")
    for part in ("checkpoint", "leaves"):
        path = max(copy.glob(f"{part}-*"))
        content = path.read_bytes()
        path.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
        done = subprocess.run(
            [judge, str(signer.key), copy, tmp_path / "proofs.json"], capture_output=True, check=False
        )
        assert done.returncode != 0
        path.write_bytes(content)


def test_go_believes_a_witness_s_cosignature_and_none_that_was_changed(
    cojudge: Path, copy: Path, signer: LogKey, tmp_path: Path
) -> None:
    witness = Witness(tmp_path / "witness", "witness/it")
    (watched,) = witness.look(copy, [signer.key], now=NOW).devices
    assert watched.cosigned == 50
    note = tmp_path / "witness" / "seen" / "laptop-17.txt"

    def judged(witness_key: str = str(witness.key)) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [cojudge, str(signer.key), witness_key, note], capture_output=True, text=True, check=False
        )

    assert judged().stdout == f"witness/it {int(NOW.timestamp())}\n"
    assert judged(str(Witness(tmp_path / "another", "witness/it").key)).returncode != 0
    content = note.read_bytes()
    text, cosigned = content.rstrip(b"\n").rsplit(b" ", 1)
    raw = bytearray(base64.b64decode(cosigned))
    for place in (0, 3, 4, 11, 12, 75):  # the key's id, the time, the signature
        raw[place] ^= 1
        note.write_bytes(text + b" " + base64.b64encode(raw) + b"\n")
        assert judged().returncode != 0, place
        raw[place] ^= 1
    note.write_bytes(content.replace(b"\n50\n", b"\n51\n"))
    assert judged().returncode != 0


def test_sha256sum_makes_the_leaf_that_is_published(copy: Path, tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum")
    line = min(copy.glob("segment-*")).read_bytes().splitlines()[0]
    data, salt = min(copy.glob("leaves-*")).read_text().split()[:2]
    told = subprocess.run(["sha256sum"], input=bytes.fromhex(salt) + line, capture_output=True, check=True).stdout
    assert told.split()[0].decode() == data == hashlib.sha256(bytes.fromhex(salt) + line).hexdigest()
