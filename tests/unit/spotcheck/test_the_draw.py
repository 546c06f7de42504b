"""A draw: from what a witness has seen, by a seed that nobody could choose, written to a file before it is shown."""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from agent.audit.spotcheck.commitment import read_commitment
from agent.audit.spotcheck.drawfile import read
from agent.audit.spotcheck.leaves import Tree
from agent.errors import RecordError, UsageError
from agent.record.tree import inclusion_ranges, leaf_hash, prove, root_of
from tests.unit.spotcheck.school import School


def sample(school: School) -> set[tuple[object, object]]:
    return {(one["origin"], one["index"]) for one in school.drawn()}


def test_inclusion_proofs_are_those_of_the_tree_that_laptops_sign() -> None:
    for size in (1, 2, 3, 7, 8, 13, 64, 100):
        leaves = [leaf_hash(bytes([number])) for number in range(size)]
        tree = Tree(b"".join(leaves))
        assert tree.root == root_of(leaves)
        for index in range(size):
            assert tree.proof(index) == prove(
                inclusion_ranges(index, size), lambda low, high, all_=leaves: root_of(all_[low:high])
            )


def test_a_draw_is_signed_and_says_what_it_proves(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    assert school.draw("--seed", "dice", "--sample", "3", "--reviewer", "K. Brandt") == 0
    body = json.loads(school.draw_file.read_bytes())
    assert (body["population"], body["sample"], body["reviewer"]) == (8, 3, "K. Brandt")
    assert body["statement"] == "If all 3 are right, at most 50 % of the 8 transfers can be wrong (95 %)."
    assert body["strata"]["devices"].keys() == {"laptop-1", "laptop-2"}
    assert body["strata"]["visits"].keys() == {"farm", "museum"}
    assert body["statement"] in capsys.readouterr().out
    made, key = read(school.draw_file)
    assert (made.as_json(), key.name.startswith("reviewer/")) == (
        {k: v for k, v in body.items() if k != "signature"},
        True,
    )


def test_anybody_can_repeat_a_draw(school: School) -> None:
    school.draw("--seed", "dice", "--sample", "3")
    first = sample(school)
    everything = [
        (f"visit-photo-agent/{name}", index)
        for name, one in school.devices.items()
        for index in range(len(one.record))
        if index and index % 2  # after the enrolment, each transfer is followed by its removal
    ]
    order = sorted(everything, key=lambda one: hashlib.sha256(b"dice" + one[0].encode() + one[1].to_bytes(8)).digest())
    assert set(order[:3]) <= first
    school.draw_file.unlink()
    school.draw("--seed", "dice", "--sample", "3")
    assert sample(school) == first


def test_a_draw_is_never_written_over(school: School) -> None:
    school.draw("--seed", "dice", "--sample", "3")
    before = school.draw_file.read_bytes()
    with pytest.raises(UsageError, match="was not overwritten"):
        school.draw("--seed", "other dice", "--sample", "3")
    assert school.draw_file.read_bytes() == before


def test_a_changed_draw_is_not_believed(school: School) -> None:
    school.draw("--seed", "dice", "--sample", "3")
    body = json.loads(school.draw_file.read_bytes())
    body["drawn"].pop()
    school.draw_file.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(RecordError, match="its signature is wrong"):
        school.examine()


def test_what_came_after_the_witness_looked_is_not_drawn_from(school: School, tmp_path: Path) -> None:
    school.draw("--seed", "dice", "--sample", "100")
    witness = next((tmp_path / "home").rglob("witness.key")).parent
    seen = shutil.copytree(witness, tmp_path / "seen-by-witness")
    school.send("laptop-1", 99)
    school.publish()
    for more, population in ((("--witness", seen), 8), ((), 9)):
        school.draw_file.unlink()
        school.draw("--seed", "dice", "--sample", "100", *map(str, more))
        assert json.loads(school.draw_file.read_bytes())["population"] == population


def test_a_witness_that_did_not_sign_is_not_believed(school: School, tmp_path: Path) -> None:
    school.draw("--seed", "dice", "--sample", "3")
    witness = next((tmp_path / "home").rglob("witness.key")).parent
    note = witness / "seen" / "laptop-1.txt"
    lines = note.read_bytes().splitlines(keepends=True)
    note.write_bytes(b"".join(lines[:-1]))
    school.draw_file.unlink()
    with pytest.raises(RecordError, match="not signed by witness"):
        school.draw("--seed", "dice", "--sample", "3", "--witness", str(witness))


def test_a_device_whose_record_was_changed_is_left_out_and_named(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    school.draw("--seed", "dice", "--sample", "3")
    school.draw_file.unlink()
    school.put_in("laptop-1", b'"museum"', b'"mus3um"')
    school.draw("--seed", "dice", "--sample", "100")
    body = json.loads(school.draw_file.read_bytes())
    assert [one["device"] for one in body["left_out"]] == ["laptop-1"]
    assert body["population"] == 4
    assert "ALTERED" in capsys.readouterr().err


def test_an_entry_without_a_signature_does_not_keep_a_device_out(school: School) -> None:
    """Otherwise anybody who can write to a record's folder could choose whose transfers are never drawn."""
    school.draw("--seed", "dice", "--sample", "100")
    school.draw_file.unlink()
    folder = school.share / "record" / "laptop-1"
    for real in [path for path in folder.iterdir() if not path.name.startswith("checkpoint-")]:
        (folder / re.sub(r"-[0-9a-f]{16}\.", "-0000000000000000.", real.name)).write_bytes(real.read_bytes()[:-1])
    school.draw("--seed", "dice", "--sample", "100")
    assert json.loads(school.draw_file.read_bytes())["population"] == 8


def test_commit_and_reveal_follow_from_the_secret_and_what_laptops_signed_later(
    school: School, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret.json"
    assert (
        school.run(
            "draw", school.share, "--keys", school.keys, "--state", school.state, "--commit", secret, "--sample", "3"
        )
        == 0
    )
    commitment = capsys.readouterr().out.strip()
    made = read_commitment(secret)
    assert (made.hash, commitment) == (commitment, hashlib.sha256(_canonical(made.body)).hexdigest())
    assert made.seen == {"visit-photo-agent/laptop-1": 9, "visit-photo-agent/laptop-2": 9}
    school.send("laptop-1", 99)
    school.publish()
    school.draw("--reveal", str(secret))
    body = json.loads(school.draw_file.read_bytes())
    (later,) = body["later_checkpoints"]
    assert (later["origin"], later["size"]) == ("visit-photo-agent/laptop-1", 11)
    import base64

    root = base64.b64encode(bytes.fromhex(later["root"])).decode()
    expected = hashlib.sha256(
        b"photo-agent spot-check seed v1\n" + made.secret + f"{later['origin']}\n{later['size']}\n{root}\n".encode()
    )
    assert (body["seed"], body["notes"]) == (expected.hexdigest(), [])
    assert (body["commitments"][0]["commitment"], body["sample"], body["population"]) == (commitment, 3, 9)
    assert school.examine()[0] == 0

    # Later checkpoints change nothing: the seed is the one of the first after the commitment.
    school.send("laptop-1", 100)
    school.publish()
    school.draw_file.unlink()
    school.draw("--reveal", str(secret))
    again = json.loads(school.draw_file.read_bytes())
    assert again["seed"] == expected.hexdigest()
    (note,) = again["notes"]
    assert f"revealed before (draw {body['id']})" in note
    assert "Commit anew" in note


def _canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_reveal_before_any_laptop_signed_again_says_what_that_means(school: School, tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    for secret in (one, other):
        school.run("draw", school.share, "--keys", school.keys, "--state", school.state, "--commit", secret)
    school.draw("--reveal", str(one), "--sample", "3")
    (note,) = json.loads(school.draw_file.read_bytes())["notes"]
    assert "only that person's word shows" in note
    school.draw_file.unlink()
    school.draw("--reveal", str(one), "--reveal", str(other), "--sample", "3")
    body = json.loads(school.draw_file.read_bytes())
    assert (body["notes"], len(body["commitments"])) == ([], 2)


def test_a_secret_is_closed_to_others_and_made_once(school: School, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    words = ("draw", school.share, "--keys", school.keys, "--state", school.state, "--commit", secret)
    school.run(*words)
    assert sys.platform == "win32" or secret.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="made once"):
        school.run(*words)
    changed = json.loads(secret.read_bytes()) | {"secret": "00" * 32}
    secret.write_text(json.dumps(changed), encoding="utf-8")
    with pytest.raises(RecordError, match="its signature is wrong"):
        school.draw("--reveal", str(secret), "--sample", "3")


@pytest.mark.parametrize("option", ["--commit", "--out", "--state"])
@pytest.mark.parametrize("below", ["", "record"])
def test_nothing_of_the_reviewers_is_written_on_the_share(school: School, option: str, below: str) -> None:
    (school.share / "visits").mkdir(exist_ok=True)
    inside = school.share / "mine"
    words = {"--seed": "s", "--sample": "1", "--state": school.state, "--out": school.draw_file, option: inside}
    if option == "--commit":
        del words["--seed"]
    with pytest.raises(UsageError, match="must not be on the share"):
        school.run(
            "draw", school.share / below, "--keys", school.keys, *(one for pair in words.items() for one in pair)
        )
    assert not inside.exists()


def test_the_size_that_was_committed_to_cannot_be_changed(school: School, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    school.run(
        "draw", school.share, "--keys", school.keys, "--state", school.state, "--commit", secret, "--sample", "3"
    )
    with pytest.raises(UsageError, match="not the one that was committed to"):
        school.draw("--reveal", str(secret), "--sample", "4")


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", "s"),
        ("--seed", "s", "--sample", "3", "--max-error", "1%"),
        ("--seed", "s", "--max-error", "0"),
        ("--seed", "s", "--confidence", "95"),
        ("--seed", "", "--sample", "3"),
        ("--seed", "a\nb", "--sample", "3"),
        ("--sample", "3"),
    ],
)
def test_words_that_make_no_draw_are_refused(school: School, words: tuple[str, ...]) -> None:
    import click

    with pytest.raises((UsageError, click.UsageError)):
        school.draw(*words)
    assert not school.draw_file.exists()


def test_a_school_without_transfers_has_nothing_to_draw_from(tmp_path: Path, school: School) -> None:
    empty = School(tmp_path / "empty")
    empty.device("laptop-9")
    empty.publish()
    with pytest.raises(UsageError, match="no transfer to draw from"):
        empty.draw()
    assert school.draw() == 0


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"signature": 1}', b"\xff", b'{"a":' * 5000, b"null"])
def test_a_file_that_is_not_a_draw_is_refused_in_words(school: School, content: bytes) -> None:
    school.draw_file.write_bytes(content)
    with pytest.raises((UsageError, RecordError), match="draw"):
        school.examine()
