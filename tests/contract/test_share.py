"""What every share promises: the suite behind agent/share/port.py."""

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.errors import LocalFault, NotProven, ShareFault, ShareUnreachable
from agent.model.delivery import Delivery, Outgoing, Splice
from agent.model.ids import RemoteName, TransferId
from agent.model.proof import Method
from agent.share import Delivered, Sent, Share, Undelivered
from agent.share.names import own_temporary, temporary_name
from tests.contract.conftest import Stand
from tests.servers.photos import content, delivery, fingerprint, looked_at, outgoing, spliced

NAME = "visits/2026-museum/20260314-101112_eos-r6_0123456789ab.jpg"
SECOND = "visits/2026-museum/20260314-101112_eos-r6_0123456789ab-2.jpg"
CHUNK = 255 * 1024


def outcomes(share: Share, *deliveries: Delivery) -> dict[TransferId, Delivered | Undelivered]:
    final = {}
    for outcome in share.deliver(iter(deliveries), lambda _: None):
        if not isinstance(outcome, Sent):
            assert outcome.transfer not in final, "one outcome each"
            final[outcome.transfer] = outcome
    assert set(final) == {sent.transfer for sent in deliveries}
    return final


def delivered(share: Share, one: Delivery) -> Delivered:
    outcome = outcomes(share, one)[one.transfer]
    assert isinstance(outcome, Delivered), outcome
    return outcome


def undelivered(share: Share, one: Delivery) -> Undelivered:
    outcome = outcomes(share, one)[one.transfer]
    assert isinstance(outcome, Undelivered), outcome
    return outcome


def test_a_photo_arrives_whole_under_its_name_and_is_proven(stand: Stand, tmp_path: Path) -> None:
    data = content(300_000)
    photo = delivery(outgoing(tmp_path / "in", NAME, data))
    with stand.open() as share:
        told: list[int] = []
        news = list(share.deliver([photo], told.append))
    assert [type(item) for item in news] == [Sent, Delivered]
    assert isinstance(news[1], Delivered)
    (proof,) = news[1].proofs
    assert (proof.name, proof.held, proof.original) == (NAME, fingerprint(data), fingerprint(data))
    assert (proof.method, proof.synced) == (Method.READ_BACK, True)
    assert abs(proof.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert sum(told) == len(data)
    assert stand.held() == {NAME: data}


def test_what_was_worked_out_wrongly_is_never_proven(stand: Stand, tmp_path: Path) -> None:
    """As if the file had been another, of the same size and time, while it was worked out what the share will hold."""
    one = outgoing(tmp_path / "in", NAME, content(300_000), Splice(2, 0, b"a tag"))
    other = spliced(content(300_000)[::-1], Splice(2, 0, b"a tag"))
    with stand.open() as share:
        outcome = undelivered(share, delivery(replace(one, held=fingerprint(other))))
    assert isinstance(outcome.error, NotProven)
    assert stand.held() == {}


@pytest.mark.parametrize("size", [0, 1, 32768, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK])
def test_a_file_of_any_size_arrives_whole(stand: Stand, tmp_path: Path, size: int) -> None:
    data = content(size)
    with stand.open() as share:
        (proof,) = delivered(share, delivery(outgoing(tmp_path / "in", NAME, data))).proofs
    assert proof.held == fingerprint(data)
    assert stand.held() == {NAME: data}


@pytest.mark.parametrize(
    "splice",
    [
        Splice(0, 0, b"at the start"),
        Splice(0, 100, b"instead of the start"),
        Splice(2, 0, b"tag" * 20_000),
        Splice(CHUNK - 1, 2, b"over the edge of a write"),
        Splice(CHUNK, 0, b""),
        Splice(300_000, 50_000, b"in the middle"),
        Splice(600_000, 0, b"at the end"),
        Splice(599_000, 1000, b""),
        Splice(0, 600_000, b"instead of all"),
    ],
    ids=lambda splice: f"{splice.at}-{splice.drop}+{len(splice.insert)}",
)
def test_a_splice_anywhere_is_sent_and_proven_with_its_original(stand: Stand, tmp_path: Path, splice: Splice) -> None:
    data = content(600_000)
    photo = delivery(outgoing(tmp_path / "in", NAME, data, splice))
    with stand.open() as share:
        (proof,) = delivered(share, photo).proofs
    meant = spliced(data, splice)
    assert stand.held() == {NAME: meant}
    assert (proof.held, proof.original) == (fingerprint(meant), fingerprint(data))
    assert photo.size == len(meant)


def test_a_second_delivery_is_found_already_there_and_sends_nothing(stand: Stand, tmp_path: Path) -> None:
    splice = Splice(2, 0, b"tag")
    photo = delivery(outgoing(tmp_path / "in", NAME, content(100_000), splice))
    with stand.open() as share:
        first = delivered(share, photo)
        told: list[int] = []
        (again,) = [item for item in share.deliver([photo], told.append) if not isinstance(item, Sent)]
    assert isinstance(again, Delivered)
    assert again.proofs[0].method is Method.ALREADY_THERE
    assert again.proofs[0].synced
    assert (again.proofs[0].name, again.proofs[0].held) == (first.proofs[0].name, first.proofs[0].held)
    assert told == []
    assert list(stand.held()) == [NAME]


def test_what_is_there_is_never_overwritten_and_other_content_gets_another_name(stand: Stand, tmp_path: Path) -> None:
    theirs, ours = content(5000, seed=1), content(5000, seed=2)
    stand.put(NAME, theirs)
    stand.put(SECOND, b"shorter")
    photo = delivery(outgoing(tmp_path / "in", NAME, ours))
    with stand.open() as share:
        (proof,) = delivered(share, photo).proofs
        third = SECOND.replace("-2.", "-3.")
        assert proof.name == third
        assert delivered(share, photo).proofs[0].method is Method.ALREADY_THERE
    assert stand.held() == {NAME: theirs, SECOND: b"shorter", third: ours}


def test_several_deliveries_of_the_same_content_and_name_end_in_one_file(stand: Stand, tmp_path: Path) -> None:
    data = content(200_000)
    photos = [delivery(outgoing(tmp_path / "in", NAME, data)) for _ in range(4)]
    photos = [Delivery(TransferId(f"{n:032x}"), photo.photo, photo.files) for n, photo in enumerate(photos)]
    with stand.open() as share:
        final = outcomes(share, *photos)
    assert {type(outcome) for outcome in final.values()} == {Delivered}
    assert stand.held() == {NAME: data}


def test_a_transfer_given_several_times_in_one_run_is_sent_once(stand: Stand, tmp_path: Path) -> None:
    """They would share their temporary names, and one could prove what another is still writing."""
    photo = delivery(outgoing(tmp_path / "in", NAME, content(3_000_000)))
    with stand.open() as share:
        final = [item for item in share.deliver([photo] * 4) if not isinstance(item, Sent)]
    methods = [item.proofs[0].method for item in final if isinstance(item, Delivered)]
    assert methods == [Method.READ_BACK, *[Method.ALREADY_THERE] * 3]
    assert list(stand.held()) == [NAME]


def test_two_laptops_with_the_same_photo_share_one_file(stand: Stand, tmp_path: Path) -> None:
    data = content(400_000)
    one = delivery(outgoing(tmp_path / "one", NAME, data))
    other = Delivery(TransferId("f" * 32), one.photo, (outgoing(tmp_path / "two", NAME, data),))
    results: list[Delivered] = []
    with stand.open("laptop-1") as first, stand.open("laptop-2") as second:
        threads = [
            threading.Thread(target=lambda share=share, photo=photo: results.append(delivered(share, photo)))
            for share, photo in ((first, one), (second, other))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 2
    assert stand.held() == {NAME: data}


def test_bytes_made_here_travel_like_a_file(stand: Stand) -> None:
    data = b"<x:xmpmeta/>"
    sidecar = Outgoing(RemoteName(f"{NAME}.xmp"), data, fingerprint(data))
    with stand.open() as share:
        delivered(share, delivery(sidecar))
    assert stand.held() == {f"{NAME}.xmp": data}


def test_all_files_of_a_photo_are_proven_in_their_order(stand: Stand, tmp_path: Path) -> None:
    names = [NAME, NAME.replace(".jpg", ".mov"), f"{NAME}.xmp"]
    files = [outgoing(tmp_path / "in", name, content(50_000 * n + 1, n)) for n, name in enumerate(names)]
    with stand.open() as share:
        assert [proof.name for proof in delivered(share, delivery(*files)).proofs] == names
    assert set(stand.held()) == set(names)


def test_half_a_live_photo_never_shows(stand: Stand, tmp_path: Path) -> None:
    still = outgoing(tmp_path / "in", NAME, content(50_000))
    film = outgoing(tmp_path / "in", NAME.replace(".jpg", ".mov"), content(500_000))
    assert not isinstance(film.source, bytes)
    film.source.path.write_bytes(content(500_000, seed=9))
    with stand.open() as share:
        assert isinstance(undelivered(share, delivery(still, film)).error, LocalFault)
    assert stand.held() == {}


def changed(path: Path) -> None:
    stamp = path.stat().st_mtime_ns
    path.write_bytes(content(path.stat().st_size, seed=77))
    os.utime(path, ns=(stamp, stamp))  # only its content shows it


def swapped_for_a_link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize("how", [Path.unlink, changed, grown, swapped_for_a_link])
def test_a_source_changed_under_our_hands_is_not_delivered_and_the_others_are(
    stand: Stand, tmp_path: Path, how: object
) -> None:
    bad = delivery(outgoing(tmp_path / "in", NAME, content(700_000)))
    others = [delivery(outgoing(tmp_path / "in", f"visits/other/{n}.jpg", content(10_000, n))) for n in range(5)]
    source = bad.files[0].source
    assert not isinstance(source, bytes)
    assert callable(how)
    how(source.path)
    with stand.open() as share:
        final = outcomes(share, others[0], bad, *others[1:])
    failed = final.pop(bad.transfer)
    assert isinstance(failed, Undelivered)
    assert isinstance(failed.error, LocalFault)
    assert str(source.path.name) not in str(failed.error)
    assert {type(outcome) for outcome in final.values()} == {Delivered}
    assert set(stand.held()) == {other.files[0].name for other in others}


def test_a_source_that_is_not_what_was_decided_on_is_not_delivered(stand: Stand, tmp_path: Path) -> None:
    photo = delivery(outgoing(tmp_path / "in", NAME, content(1000)))
    source = photo.files[0].source
    assert not isinstance(source, bytes)
    source.path.write_bytes(content(1000, seed=5))
    now = Outgoing(photo.files[0].name, looked_at(source.path), photo.files[0].original)
    with stand.open() as share:
        assert isinstance(undelivered(share, delivery(now)).error, LocalFault)
    assert stand.held() == {}


def test_many_small_files_all_arrive(stand: Stand, tmp_path: Path) -> None:
    photos = [delivery(outgoing(tmp_path / "in", f"visits/v{n % 3}/{n}.jpg", content(n * 40, n))) for n in range(300)]
    with stand.open() as share:
        final = outcomes(share, *photos)
    assert {type(outcome) for outcome in final.values()} == {Delivered}
    held = stand.held()
    assert {name: fingerprint(data) for name, data in held.items()} == {
        photo.files[0].name: photo.files[0].original for photo in photos
    }


def test_one_large_file_among_small_ones(stand: Stand, tmp_path: Path) -> None:
    large = delivery(outgoing(tmp_path / "in", NAME, content(64 * 1024 * 1024)))
    small = [delivery(outgoing(tmp_path / "in", f"visits/small/{n}.jpg", content(4000, n))) for n in range(20)]
    with stand.open() as share:
        final = outcomes(share, large, *small)
    assert {type(outcome) for outcome in final.values()} == {Delivered}
    assert fingerprint(stand.held()[NAME]) == large.files[0].original
    if stand.kind != "memory":
        assert list(final)[-1] == large.transfer, "small files do not wait behind a large one"


def test_deliveries_are_taken_only_as_fast_as_they_are_sent(stand: Stand, tmp_path: Path) -> None:
    photos = [delivery(outgoing(tmp_path / "in", f"visits/v/{n}.jpg", content(400_000, n))) for n in range(4)]
    taken = 0

    def endless() -> "object":
        nonlocal taken
        while True:
            taken += 1
            one = photos[taken % 4]
            yield Delivery(TransferId(f"{taken:032x}"), one.photo, one.files)

    with stand.open() as share:
        outcome = iter(share.deliver(endless()))  # type: ignore[arg-type]
        next(outcome)
        assert taken <= 200
        outcome.close()  # type: ignore[attr-defined]


def test_closing_early_takes_back_what_is_under_way(stand: Stand, tmp_path: Path) -> None:
    photos = [delivery(outgoing(tmp_path / "in", f"visits/v/{n}.jpg", content(900_000, n))) for n in range(12)]
    with stand.open() as share:
        running = share.deliver(photos)
        next(running)
        running.close()  # type: ignore[attr-defined]
        left = [name for name in stand.held() if ".uploading-" in name]
        assert left == []
        assert share.sweep() == 0
        assert {type(outcome) for outcome in outcomes(share, *photos).values()} == {Delivered}  # it still works
    assert set(stand.held()) == {photo.files[0].name for photo in photos}


def test_a_consumer_that_fails_takes_back_what_is_under_way(stand: Stand, tmp_path: Path) -> None:
    photos = [delivery(outgoing(tmp_path / "in", f"visits/v/{n}.jpg", content(100_000, n))) for n in range(5)]

    def supply() -> "object":
        yield photos[0]
        raise KeyError("the journal is broken")

    with stand.open() as share, pytest.raises(KeyError):
        list(share.deliver(supply()))  # type: ignore[arg-type]
    assert not [name for name in stand.held() if ".uploading-" in name]


def test_own_temporary_files_are_swept_and_another_devices_are_not(stand: Stand) -> None:
    one, other = (temporary_name(device, TransferId("a" * 32), 0) for device in ("laptop-1", "laptop"))
    longer = temporary_name("laptop-1-1", TransferId("a" * 32), 0)
    for name in (one, other, longer, "photo.jpg", ".uploading-other.part"):
        stand.put(f"visits/v/{name}", b"half")
    stand.put(f"visits/{one}", b"half")
    stand.put(f"record/laptop-1/{one}", b"half")
    with stand.open("laptop-1") as share:
        assert share.sweep() == 3
        assert share.sweep() == 0
    assert set(stand.held()) == {f"visits/v/{name}" for name in (other, longer, "photo.jpg", ".uploading-other.part")}
    assert own_temporary("laptop-1", one)


def test_sweeping_an_empty_share_finds_nothing(stand: Stand) -> None:
    with stand.open() as share:
        assert share.sweep() == 0
    assert stand.held() == {}


def test_what_a_cut_transfer_left_is_started_over_not_written_into(stand: Stand, tmp_path: Path) -> None:
    data = content(50_000)
    photo = delivery(outgoing(tmp_path / "in", NAME, data))
    left = f"visits/2026-museum/{temporary_name('laptop-17', photo.transfer, 0)}"
    stand.put(left, content(90_000, seed=3))
    with stand.open() as share:
        delivered(share, photo)
    assert stand.held() == {NAME: data}


def test_the_register_is_read_up_to_a_limit(stand: Stand) -> None:
    register = content(100_000)
    stand.put("register/visits.csv", register)
    stand.put("register/empty.csv", b"")
    name = RemoteName("register/visits.csv")
    with stand.open() as share:
        assert share.read(name, 100_000) == register
        assert share.read(RemoteName("register/empty.csv"), 100_000) == b""
        with pytest.raises(ShareFault):
            share.read(name, 99_999)
        with pytest.raises(FileNotFoundError):
            share.read(RemoteName("register/cameras.csv"), 100_000)
        assert share.read(name, 200_000) == register


def test_it_tells_what_is_in_a_folder(stand: Stand) -> None:
    for name in ("record/laptop-18/b.txt", "record/laptop-17/a.txt", "record/laptop-17/deep/c.txt", "record/note.txt"):
        stand.put(name, b"x")
    with stand.open() as share:
        assert share.names("record") == ["laptop-17/", "laptop-18/", "note.txt"]
        assert share.names("record/laptop-17") == ["a.txt", "deep/"]
        assert share.names("record/laptop-19") == []


def test_it_tells_what_each_name_in_a_folder_is_and_how_large(stand: Stand) -> None:
    stand.put("record/laptop-17/a.txt", b"four")
    stand.put("record/laptop-17/deep/c.txt", b"x")
    with stand.open() as share:
        file, folder = share.listing("record/laptop-17")
        assert (file.name, file.is_file, file.is_folder, file.size) == ("a.txt", True, False, 4)
        assert (folder.name, folder.is_file, folder.is_folder, folder.size) == ("deep", False, True, None)
        assert file.modified is None or abs((file.modified - datetime.now(UTC)).total_seconds()) < 3600
        assert share.listing("record/laptop-19") == []


def test_it_tells_its_space_its_time_and_its_abilities(stand: Stand) -> None:
    with stand.open() as share:
        free = share.space().free
        assert free is not None
        assert free > 10**6
        assert abs(share.now() - datetime.now(UTC)) < timedelta(seconds=5)
        abilities = share.abilities()
        assert abilities.fsync
        assert abilities.statvfs
        assert abilities.software
    assert stand.held() == {}


def test_trying_out_leaves_nothing_behind(stand: Stand) -> None:
    with stand.open() as share:
        share.try_out()
    assert stand.held() == {}


def test_a_closed_share_is_of_no_more_use_and_closing_twice_does_no_harm(stand: Stand, tmp_path: Path) -> None:
    share = stand.open()
    share.close()
    share.close()
    with pytest.raises(ShareUnreachable):
        share.read(RemoteName("register/visits.csv"), 10)
    with pytest.raises(ShareUnreachable):
        list(share.deliver([delivery(outgoing(tmp_path / "in", NAME, b"x"))]))


def test_nothing_to_deliver_is_nothing_to_do(stand: Stand) -> None:
    with stand.open() as share:
        assert list(share.deliver([])) == []
