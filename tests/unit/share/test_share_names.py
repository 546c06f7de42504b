"""Names on the share: safe for any input, and separate temporary files for each device."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.capture import Camera
from agent.model.files import Fingerprint
from agent.model.ids import RemoteName, Sha256, TransferId, VisitId
from agent.share.names import another, own_temporary, photo_stem, remote_name, temporary_name

ORIGINAL = Fingerprint(Sha256("0123456789abcdef" * 4), 1)
TRANSFER = TransferId("0f" * 16)


def test_a_photo_is_named_by_time_camera_and_content() -> None:
    taken = datetime(2026, 3, 14, 10, 11, 12)  # noqa: DTZ001  # a wall clock
    camera = Camera("Canon", "EOS R6", "123")
    assert photo_stem(taken, camera, ORIGINAL) == "20260314-101112_eos-r6_0123456789ab"
    assert photo_stem(None, camera, ORIGINAL) == "undated_eos-r6_0123456789ab"
    assert photo_stem(taken, Camera(make="Canon"), ORIGINAL) == "20260314-101112_canon_0123456789ab"
    for nobody in (None, Camera(), Camera(model="…"), Camera(model="写真")):
        assert photo_stem(None, nobody, ORIGINAL) == "undated_unknown-camera_0123456789ab"


def test_an_instant_is_no_wall_clock() -> None:
    with pytest.raises(ValueError, match="wall clock"):
        photo_stem(datetime(2026, 3, 14, tzinfo=UTC), None, ORIGINAL)


@given(make=st.none() | st.text(), model=st.none() | st.text())
def test_no_camera_name_leaves_the_folder(make: str | None, model: str | None) -> None:
    stem = photo_stem(None, Camera(make, model), ORIGINAL)
    assert set(stem) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(stem) <= 80


@pytest.mark.parametrize(
    ("suffix", "safe"),
    [
        (".jpg", ".jpg"),
        (".JPG", ".jpg"),
        (".JPG.xmp", ".jpg.xmp"),
        ("", ".bin"),
        ("...", ".bin"),
        ("/../../etc/passwd", ".etcpasswd"),
        (".j\u202epg\n", ".jpg"),
        (".verylongsuffixindeed", ".verylongsuffixi"),
    ],
)
def test_of_a_suffix_only_what_is_safe_is_kept(suffix: str, safe: str) -> None:
    assert remote_name(VisitId("2026-museum"), "stem", suffix) == f"visits/2026-museum/stem{safe}"


@given(suffix=st.text(max_size=60))
def test_no_suffix_leaves_the_folder(suffix: str) -> None:
    last = remote_name(VisitId("v"), "stem", suffix).removeprefix("visits/v/")
    assert set(last) <= set("abcdefghijklmnopqrstuvwxyz0123456789.")
    assert ".." not in last
    assert not last.endswith(".")
    assert len(last) <= 4 + 16


@pytest.mark.parametrize("visit", ["", ".", "..", "a/b", "a\\b", ".hidden", "end.", "a b", "é", "a\nb"])
def test_an_unsafe_visit_is_not_named(visit: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        remote_name(VisitId(visit), "stem", ".jpg")


def test_other_choices_keep_the_whole_suffix() -> None:
    name = RemoteName("visits/v.1/stem.jpg.xmp")
    assert [another(name, n) for n in (1, 2, 10)] == [name, "visits/v.1/stem-2.jpg.xmp", "visits/v.1/stem-10.jpg.xmp"]
    with pytest.raises(ValueError, match="from 1"):
        another(name, 0)


DEVICES = st.text(min_size=1, max_size=40) | st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)


@given(one=DEVICES, other=DEVICES)
def test_two_devices_never_share_a_temporary_name(one: str, other: str) -> None:
    name = temporary_name(one, TRANSFER, 0)
    assert own_temporary(one, name)
    assert (own_temporary(other, name) is not None) is (one == other)
    assert len(name.encode()) <= 255
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def test_a_very_long_device_name_still_makes_a_short_and_own_one() -> None:
    one, other = "é" * 300, "é" * 299
    assert len(temporary_name(one, TRANSFER, 12)) < 200
    assert not own_temporary(other, temporary_name(one, TRANSFER, 0))


def test_a_photo_is_never_taken_for_a_temporary_file() -> None:
    for name in ("photo.jpg", ".uploading-laptop.part", ".uploading-laptop-xyz-0.part", "x.uploading-laptop-0.part"):
        assert not own_temporary("laptop", name)


def test_a_transfer_that_is_none_names_nothing() -> None:
    with pytest.raises(ValueError, match="transfer"):
        temporary_name("laptop", TransferId("../x"), 0)
