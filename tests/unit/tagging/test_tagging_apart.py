"""Planning in another process: the same plans, and no byte lost whatever that process answers."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import LocalFault
from agent.model.delivery import Splice
from agent.model.files import Fingerprint
from agent.model.ids import Sha256
from agent.tagging import NeedsSidecar, Tag, plan, sidecar
from agent.tagging.jobs import (
    MOST_MERGED,
    answer_merge,
    answer_splice,
    merge_question,
    splice_question,
    understood_merge,
    understood_splice,
)

MakeTag = Callable[..., Tag]
PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>'
)


def of(content: bytes) -> Fingerprint:
    return Fingerprint(Sha256(sha256(content).hexdigest()), len(content))


def over_the_pipe(fields: dict[str, object]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(fields)))


def planned_apart(photo: Path, tag: Tag, kind: str = "jpeg") -> Splice | NeedsSidecar:
    told = answer_splice(photo, over_the_pipe(splice_question(tag, kind)))
    return understood_splice(photo, photo.stat().st_size, over_the_pipe(told))


@pytest.fixture
def photo(tmp_path: Path, with_xmp: Callable[[bytes], bytes]) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_xmp(PACKET))
    return path


def test_the_worker_plans_every_photo_of_the_corpus_alike(corpus: Path, tag_for: MakeTag) -> None:
    splices = 0
    for path in sorted(corpus.rglob("*.jpg")):
        tag = tag_for(path.read_bytes(), title=" A\tB & <C> ", owner="")
        found = planned_apart(path, tag)
        assert found == plan(path, format="jpeg", tag=tag), path
        splices += isinstance(found, Splice)
    assert splices > 100


def test_a_film_gets_a_sidecar_and_is_not_opened(tmp_path: Path, tag_for: MakeTag) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"")
    told = answer_splice(tmp_path / "not there.mp4", splice_question(tag_for(b""), "mp4"))
    assert isinstance(understood_splice(path, 0, told), NeedsSidecar)


def test_a_splice_that_would_lose_what_it_replaces_is_not_taken(photo: Path, tag_for: MakeTag) -> None:
    size = photo.stat().st_size
    told = answer_splice(photo, splice_question(tag_for(photo.read_bytes()), "jpeg"))
    assert isinstance(told["drop"], int) and told["drop"] > 0  # noqa: PT018
    assert isinstance(understood_splice(photo, size, told), Splice)
    for lie in (
        {"drop": told["drop"] + 1},
        {"drop": 100_000},
        {"drop": 1},
        {"at": 100},
        {"at": size - told["drop"] + 1},
        {"at": 0},
        {"at": -1},
        {"at": True},
        {"at": 2.0},
        {"at": None},
        {"drop": "0"},
        {"insert": None},
        {"insert": ""},
        {"insert": "/+E="},
        {"insert": "ÿ"},
        {"insert": "AAAA" + str(told["insert"])},
        {"insert": base64.b64encode(base64.b64decode(str(told["insert"])) + b"more").decode()},
        {"beside": 1, "at": None},
        {"beside": "x" * 10_000, "at": None},
    ):
        with pytest.raises(ValueError):  # noqa: PT011  # what is wrong with a lie is nobody's business
            understood_splice(photo, size, {**told, **lie})


def test_a_splice_behind_the_photos_end_or_before_its_beginning_is_not_taken(
    tmp_path: Path, real_jpeg: bytes, tag_for: MakeTag
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(real_jpeg)
    told = answer_splice(path, splice_question(tag_for(real_jpeg), "jpeg"))
    assert told["drop"] == 0
    for at in (0, 1, len(real_jpeg) + 1):
        with pytest.raises(ValueError, match="not an XMP segment"):
            understood_splice(path, len(real_jpeg), {**told, "at": at})


@given(
    told=st.fixed_dictionaries(
        {},
        optional={
            "at": st.one_of(st.none(), st.integers(-2, 3000)),
            "drop": st.integers(-2, 3000),
            "insert": st.one_of(st.text(max_size=9), st.binary(max_size=9), st.just("/+EAHw==")),
            "beside": st.one_of(st.none(), st.text(max_size=9)),
        },
    )
)
def test_no_answer_makes_a_splice_that_loses_a_byte(
    told: dict[str, object], tmp_path_factory: pytest.TempPathFactory, with_xmp: Callable[[bytes], bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "answered.jpg"
    path.write_bytes(with_xmp(PACKET))
    try:
        found = understood_splice(path, path.stat().st_size, told)
    except ValueError:
        return
    assert isinstance(found, NeedsSidecar) or not found.drop


def test_a_photo_that_is_gone_when_its_plan_comes_is_a_local_fault(photo: Path, tag_for: MakeTag) -> None:
    size = photo.stat().st_size
    told = answer_splice(photo, splice_question(tag_for(photo.read_bytes()), "jpeg"))
    photo.unlink()
    with pytest.raises(LocalFault):
        understood_splice(photo, size, told)
    with pytest.raises(LocalFault):
        answer_splice(photo, splice_question(tag_for(b""), "jpeg"))


def test_the_worker_merges_a_sidecar_alike(tmp_path: Path, corpus: Path, tag_for: MakeTag) -> None:
    path = tmp_path / "a.xmp"
    foreigners = [found.read_bytes() for found in sorted(corpus.rglob("*.xmp"))]
    for foreign in (*foreigners, b"", b"no xml", PACKET.decode().encode("utf-16")):
        if len(foreign) > MOST_MERGED:
            continue
        path.write_bytes(foreign)
        tag = tag_for(b"raw")
        told = answer_merge(path, over_the_pipe(merge_question(tag, of(foreign))))
        assert understood_merge(over_the_pipe(told)) == sidecar(tag, foreign=foreign)


def test_a_sidecar_that_changed_meanwhile_is_not_merged(tmp_path: Path, tag_for: MakeTag) -> None:
    path = tmp_path / "a.xmp"
    asked = merge_question(tag_for(b"raw"), of(PACKET))
    for other in (PACKET + b" ", PACKET[:-1], b"", b"x" * len(PACKET)):
        path.write_bytes(other)
        with pytest.raises(LocalFault, match="changed"):
            answer_merge(path, asked)
    path.unlink()
    with pytest.raises(LocalFault):
        answer_merge(path, asked)


@pytest.mark.parametrize("told", [{}, {"sidecar": 1}, {"sidecar": "%"}, {"sidecar": "ü"}])
def test_another_file_is_not_read_as_a_sidecar(told: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        understood_merge(told)
