"""Where an inspection looks on each system."""

from pathlib import Path

import pytest

from agent.pipeline.inspect_places import KnownFolders, PlaceToLook, Surroundings, usual_places
from agent.record.words import Spot
from tests.platforms import posix_paths

HOME = Path("/home/j")


def here(system: str, **other: object) -> Surroundings:
    known = KnownFolders(*(HOME / name for name in ("Downloads", "Desktop", "Pictures", "Videos", "Documents")))
    return Surroundings(system, HOME, {}, known, "1000", **other)  # type: ignore[arg-type]


def spots(places: tuple[PlaceToLook, ...]) -> dict[Path, Spot]:
    return {place.path: place.spot for place in places}


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_every_system_has_a_bin_small_pictures_and_messengers(system: str) -> None:
    places = usual_places(here(system, disks=[Path("/")]))
    assert {Spot.TRASH, Spot.THUMBNAILS, Spot.MESSENGERS, Spot.DOWNLOADS, Spot.DOCUMENTS} <= set(spots(places).values())
    assert any(place.sealed and place.spot is Spot.MESSENGERS for place in places)  # Signal's are encrypted
    assert len({place.path for place in places}) == len(places)


@pytest.mark.parametrize(
    ("system", "path", "spot"),
    [
        ("linux", HOME / ".local/share/Trash", Spot.TRASH),
        ("linux", Path("/data/.Trash-1000"), Spot.TRASH),
        ("linux", HOME / ".cache/thumbnails", Spot.THUMBNAILS),
        ("darwin", HOME / ".Trash", Spot.TRASH),
        ("darwin", HOME / "Library/Messages/Attachments", Spot.MESSENGERS),
        ("win32", Path("/data/$Recycle.Bin/1000"), Spot.TRASH),
        ("win32", HOME / "AppData/Local/Microsoft/Windows/Explorer", Spot.THUMBNAILS),
        ("win32", Path("/data/My Drive"), Spot.CLOUD),
    ],
)
def test_a_systems_own_places(system: str, path: Path, spot: Spot) -> None:
    assert spots(usual_places(here(system, disks=[Path("/data")])))[path] is spot


@posix_paths
def test_the_systems_variables_are_followed() -> None:
    moved = Surroundings("linux", HOME, {"XDG_DATA_HOME": "/d", "XDG_CACHE_HOME": "relative"}, here("linux").known, "1")
    found = spots(usual_places(moved))
    assert Path("/d/Trash") in found
    assert HOME / ".cache" / "thumbnails" in found


def test_a_place_that_is_two_things_is_the_more_particular_one() -> None:
    pictures = HOME / "Pictures"
    assert spots(usual_places(here("linux", watched=[pictures])))[pictures] is Spot.WATCHED
    assert spots(usual_places(here("linux", clouds=[pictures])))[pictures] is Spot.CLOUD


def test_a_whole_home_folder_is_never_a_place() -> None:
    known = KnownFolders(HOME / "Downloads", HOME, Path("/"), HOME / "Videos", HOME / "Documents")
    found = spots(usual_places(Surroundings("linux", HOME, {}, known, "1", watched=[HOME], clouds=[HOME])))
    assert not {HOME, *HOME.parents} & set(found)
    assert HOME / "Downloads" in found
