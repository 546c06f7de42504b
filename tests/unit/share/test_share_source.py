"""The stream that is sent: the same bytes in pieces of any size, and the truth about its original."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.errors import LocalFault
from agent.model.delivery import Outgoing, Splice
from agent.model.ids import RemoteName
from agent.share.source import LocalSource, as_sent, judge_local
from tests.platforms import posix_paths
from tests.servers.photos import fingerprint, looked_at, outgoing, spliced


@st.composite
def splices(draw: st.DrawFn) -> tuple[bytes, Splice | None]:
    data = draw(st.binary(max_size=200))
    at = draw(st.integers(0, len(data)))
    drop = draw(st.integers(0, len(data) - at))
    return data, draw(st.none() | st.builds(Splice, st.just(at), st.just(drop), st.binary(max_size=50)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=splices(), step=st.integers(1, 64))
def test_any_splice_in_any_pieces_gives_what_was_meant(
    case: tuple[bytes, Splice | None], step: int, tmp_path: Path
) -> None:
    data, splice = case
    path = tmp_path / "photo"
    path.write_bytes(data)
    one = Outgoing(RemoteName("visits/v/a.jpg"), looked_at(path), fingerprint(data), splice)
    with LocalSource(one) as source:
        pieces = list(iter(lambda: source.read(step), b""))
        sent = source.sent()
    meant = spliced(data, splice)
    assert b"".join(pieces) == meant
    assert all(len(piece) == step for piece in pieces[:-1])
    assert sent == fingerprint(meant)
    assert one.size == len(meant)


def with_tag(folder: Path, data: bytes) -> Outgoing:
    """A photo whose content on the share was worked out before."""
    one = outgoing(folder, "visits/v/a.jpg", data, Splice(2, 0, b"a tag"))
    return replace(one, held=as_sent(one))


def change_without_a_trace(one: Outgoing, data: bytes) -> None:
    """Give its file other content of the same size, and the time that it had."""
    assert not isinstance(one.source, bytes)
    looked = one.source.path.stat()
    one.source.path.write_bytes(data)
    os.utime(one.source.path, ns=(looked.st_atime_ns, looked.st_mtime_ns))


def test_what_was_worked_out_before_is_what_is_sent(tmp_path: Path) -> None:
    one = with_tag(tmp_path, b"x" * 100)
    with LocalSource(one) as source:
        assert source.read(200) == b"xxa tag" + b"x" * 98
        assert source.sent() == one.held == fingerprint(b"xxa tag" + b"x" * 98)


@pytest.mark.parametrize("known", [True, False])
def test_a_file_that_was_changed_without_a_trace_never_counts_as_what_was_meant(tmp_path: Path, known: bool) -> None:
    one = with_tag(tmp_path, b"x" * 100)
    if not known:
        one = replace(one, held=None)
    change_without_a_trace(one, b"y" * 100)
    with LocalSource(one) as source:
        read = source.read(200)
        if known:  # then the share's copy shows it
            assert source.sent() != fingerprint(read)
        else:
            with pytest.raises(LocalFault):
                source.sent()
    with pytest.raises(LocalFault):
        judge_local(one)


def test_a_file_that_is_as_it_was_is_judged_so(tmp_path: Path) -> None:
    judge_local(with_tag(tmp_path, b"x" * 100))


def test_a_file_that_changes_while_it_is_worked_out_is_a_local_fault(tmp_path: Path) -> None:
    one = outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100, Splice(2, 0, b"a tag"))
    assert not isinstance(one.source, bytes)
    one.source.path.write_bytes(b"y" * 101)
    with pytest.raises(LocalFault):
        as_sent(one)


def test_a_file_changed_without_a_trace_is_noticed_when_its_copy_is_worked_out(tmp_path: Path) -> None:
    one = outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100, Splice(2, 0, b"a tag"))
    change_without_a_trace(one, b"y" * 100)
    with pytest.raises(LocalFault):
        as_sent(one)


def test_a_file_that_grows_for_ever_is_not_judged_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100)
    endless = tmp_path / "endless"
    endless.touch()
    os.truncate(endless, 1 << 40)  # a file without an end, as far as any test can tell
    monkeypatch.setattr("agent.share.source.open_same", lambda _: endless.open("rb", buffering=0))
    with pytest.raises(LocalFault):
        judge_local(one)


def test_stopping_before_the_end_is_no_proof(tmp_path: Path) -> None:
    with LocalSource(outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100)) as source:
        source.read(50)
        with pytest.raises(LocalFault):
            source.sent()


def test_a_splice_outside_the_file_is_a_local_fault(tmp_path: Path) -> None:
    with pytest.raises(LocalFault):
        LocalSource(outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100, Splice(90, 11, b"")))


def test_a_file_that_changes_while_it_is_read_is_a_local_fault(tmp_path: Path) -> None:
    one = outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100)
    assert not isinstance(one.source, bytes)
    with LocalSource(one) as source:
        source.read(50)
        one.source.path.write_bytes(b"y" * 100)
        source.read(50)
        with pytest.raises(LocalFault):
            source.sent()


def test_a_file_that_grows_for_ever_is_not_read_for_ever(tmp_path: Path) -> None:
    one = outgoing(tmp_path, "visits/v/a.jpg", b"x" * 100)
    assert not isinstance(one.source, bytes)
    with LocalSource(one) as source:
        source.read(100)
        with one.source.path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(LocalFault):
            source.read(10)


def test_bytes_made_here_must_be_what_they_were_to_be() -> None:
    one = Outgoing(RemoteName("a"), b"other", fingerprint(b"bytes"))
    with LocalSource(one) as source:
        assert source.read(5) == b"other"
        assert source.sent() == fingerprint(b"bytes")
    with pytest.raises(LocalFault):
        judge_local(one)


@posix_paths
def test_a_link_a_folder_and_a_pipe_are_not_opened(tmp_path: Path) -> None:
    import os

    real = tmp_path / "real"
    real.write_bytes(b"x")
    link, folder, pipe = tmp_path / "link", tmp_path / "folder", tmp_path / "pipe"
    link.symlink_to(real)
    folder.mkdir()
    os.mkfifo(pipe)
    for path in (link, folder, pipe):
        with pytest.raises(LocalFault):
            LocalSource(Outgoing(RemoteName("a"), looked_at(path), fingerprint(b"x")))
