"""Real cards for tests: file systems in files, mounted by the kernel (or by FUSE) as a laptop would mount a card.

What udev and sysfs say of a card in a reader is put where this program looks for it: a loop device is no reader.
Without root, or where a file system cannot be mounted here, a test that wants a card is skipped and says why.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

MAKE = {
    "vfat": ["mkfs.vfat", "-F", "32", "-s", "1"],
    "exfat": ["mkfs.exfat"],
    "ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"],
}
MEGABYTES = 40


@dataclass
class Card:
    """A card; `image` holds its bytes, `top` is where it is mounted when it is in."""

    image: Path
    top: Path
    kind: str
    serial: str
    label: str
    reader: "Reader"
    loop: str = ""

    def put_in(self, *, locked: bool = False) -> None:
        """Into the reader; `locked` is its switch."""
        self.top.mkdir(parents=True, exist_ok=True)
        self.loop = _run(["losetup", "-f", "--show", *(["-r"] if locked else []), str(self.image)]).strip()
        self.reader.sees(self)
        options = ["-o", "ro"] if locked else []
        if self.kind == "exfat" and "exfat" not in Path("/proc/filesystems").read_text():
            _run(["mount.exfat-fuse", *options, self.loop, str(self.top)])
        else:
            _run(["mount", "-t", self.kind, *options, self.loop, str(self.top)])

    def take_out(self) -> None:
        """Take it out of the reader even if files are open: lazily, like a pulled card, whose handles lead nowhere."""
        if not self.loop:
            return
        _run(["umount", "-l", str(self.top)])
        self.reader.sees_no_more(self)  # before the loop device is free: the next card there may be another test's
        _run(["losetup", "-d", self.loop])
        self.loop = ""

    def now_locked(self) -> None:
        """Remount it read-only, as the kernel does after a failed write."""
        _run(["mount", "-o", "remount,ro", str(self.top)])

    def holds(self) -> dict[str, bytes]:
        """Every file on it, by its place, without the program's own mark and the file system's own files."""
        return {
            path.relative_to(self.top).as_posix(): path.read_bytes()
            for path in sorted(self.top.rglob("*"))
            if path.is_file() and path.name != ".photo-agent-card" and "lost+found" not in path.parts
        }

    def write(self, name: str, content: bytes, age: float = 3600) -> Path:
        """A file on it, an hour old."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = int(path.stat().st_mtime - age)
        os.utime(path, (at, at))
        return path


@dataclass
class Reader:
    """What sysfs and udev report about the cards that are in."""

    block: Path
    udev: Path
    home: Path
    made: list[Card] = field(default_factory=list)

    def sees(self, card: Card) -> None:
        """Note the card as udev does."""
        name = Path(card.loop).name
        device = self.block / name
        device.mkdir(parents=True, exist_ok=True)
        (device / "removable").write_text("1\n")
        number = Path(card.loop).stat().st_rdev
        self.udev.mkdir(parents=True, exist_ok=True)
        label = "".join(one if one.isalnum() or one in "_-" else _escaped(one) for one in card.label)
        (self.udev / f"b{os.major(number)}:{os.minor(number)}").write_text(
            f"E:ID_FS_UUID_ENC={card.serial}\nE:ID_FS_LABEL_ENC={label}\n", "utf-8"
        )

    def sees_no_more(self, card: Card) -> None:
        """Take back what udev and sysfs said of it."""
        number = Path(card.loop).stat().st_rdev
        shutil.rmtree(self.block / Path(card.loop).name, ignore_errors=True)
        (self.udev / f"b{os.major(number)}:{os.minor(number)}").unlink(missing_ok=True)

    def forgets(self, card: Card) -> None:
        """The disk that it is mounted from is one that cannot be taken out."""
        (self.block / Path(card.loop).name / "removable").write_text("0\n")

    def card(
        self, name: str = "EOS_DIGITAL", *, kind: str = "ext4", serial: str = "1234-ABCD", label: str = "EOS_DIGITAL"
    ) -> Card:
        """A new, empty card that is not in yet; to be mounted at media/NAME."""
        tool = MAKE[kind][0]
        if sys.platform != "linux" or os.geteuid() != 0 or shutil.which(tool) is None:
            pytest.skip(f"no card with {kind} can be made here (root and {tool} are needed)")
        image = self.home / f"{name}-{len(self.made)}.img"
        with image.open("wb") as file:
            file.truncate(MEGABYTES << 20)
        _run([*MAKE[kind], str(image)])
        made = Card(image, self.home / "media" / name, kind, serial, label, self)
        self.made.append(made)
        return made

    def copy(self, card: Card) -> Card:
        """A copy of a card that is not in, byte for byte."""
        image = self.home / f"copy-{len(self.made)}.img"
        shutil.copyfile(card.image, image)
        made = Card(image, card.top, card.kind, card.serial, card.label, self)
        self.made.append(made)
        return made


def reader_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader whose cards this program sees; at the end all are taken out."""
    from agent.volumes import linux

    made = Reader(tmp_path / "sys", tmp_path / "udev", tmp_path)
    monkeypatch.setattr(linux, "_BLOCK", made.block)
    monkeypatch.setattr(linux, "_UDEV", made.udev)
    yield made
    for card in made.made:
        card.take_out()


def put_in_or_skip(card: Card, fill: Callable[[Card], object]) -> Card:
    """Put a new card in once, fill it and take it out; skipped where its file system cannot be mounted."""
    try:
        card.put_in()
    except subprocess.CalledProcessError as fault:
        if card.loop:
            subprocess.run(["losetup", "-d", card.loop], check=False)
            card.loop = ""
        pytest.skip(f"no card with {card.kind} can be mounted here: {fault.stderr.strip()}")
    fill(card)
    card.take_out()
    return card


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
