"""Verifiers that no one here wrote read what is published: Go's note and tlog packages, and plain `sha256sum`."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from agent.record import Record
from agent.record.keys import LogKey
from agent.record.leaf import LEAF_LINE, read_leaf_line
from agent.record.tree import consistency_ranges, inclusion_ranges, leaf_hash, prove, root_of
from tests.unit.record.copies import published

PACKAGES = Path("/usr/share/gocode")
JUDGE = Path(__file__).with_name("data") / "judge.go"


@pytest.fixture(scope="session")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built."""
    if shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/note").is_dir():
        pytest.skip("no Go verifier here (Debian: golang-go, golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("judge")
    env = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(PACKAGES),
        "GOCACHE": str(folder / "cache"),
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
    program = folder / "judge"
    subprocess.run(["go", "build", "-o", program, JUDGE], env=env, check=True, timeout=110)
    return program


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


def test_sha256sum_makes_the_leaf_that_is_published(copy: Path, tmp_path: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum")
    line = min(copy.glob("segment-*")).read_bytes().splitlines()[0]
    data, salt = min(copy.glob("leaves-*")).read_text().split()[:2]
    told = subprocess.run(["sha256sum"], input=bytes.fromhex(salt) + line, capture_output=True, check=True).stdout
    assert told.split()[0].decode() == data == hashlib.sha256(bytes.fromhex(salt) + line).hexdigest()
