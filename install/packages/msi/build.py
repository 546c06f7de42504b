#!/usr/bin/env python3
"""Make the MSI for Windows, on Linux.

    python3 install/packages/msi/build.py --python FOLDER --output photo-agent.msi [--wheel FILE] [--wheels FOLDER]
    python3 install/packages/msi/build.py --payload FOLDER --output photo-agent.msi

FOLDER has a Windows interpreter (64 bits), such as python.org's embeddable one, unpacked. Dependencies are wheels in
the versions and with the hashes of install/locked/package.txt. They come from the package index, or from a folder
(--wheels) without the network. With --keep FOLDER, the files stay there in the form in which they are installed, to be
checked or signed, and then packed by --payload.

Needs Debian's wixl, msitools and gcc-mingw-w64-x86-64, pip, and, to compile modules, the same version of Python (such
as 3.13) as the Windows one.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
sys.path.insert(0, str(HERE.parent))
from locked import requirements_for  # noqa: E402  # the module beside this folder

UPGRADE_CODE = "8E6E54F4-0F1F-4B7C-9C0B-3B1D9C2F6A57"
"""This code makes a newer MSI an upgrade of this one. It must never change."""

COMPONENTS = uuid.UUID("7b0d0c1e-7a55-4b42-9a3e-2f6f7d4f5b11")
"""The name space of the components' GUIDs, which depend only on the path and so stay the same in every version."""

VERSIONED = {".dll", ".exe", ".pyd"}

TASK = "visit-photo-agent"
"""The task of agent/service/task_scheduler.py."""

LEFT_OUT = {"__pycache__", "site-packages", "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3"}
"""Parts of the interpreter's folder that the program never needs. Wheels are not changed."""


class NotBuilt(Exception):
    """The package cannot be built. The message says why, and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Build the package. Returns 2 if something is missing or fails."""
    parser = argparse.ArgumentParser(description="Make the MSI for Windows, on Linux.")
    parser.add_argument("--python", type=Path, help="the folder of a Windows interpreter")
    parser.add_argument("--wheel", type=Path, help="the program's own wheel; default: built from this folder")
    parser.add_argument("--wheels", type=Path, help="a folder with all the wheels it needs; nothing is fetched")
    parser.add_argument("--payload", type=Path, help="pack this folder, left by --keep, instead of making one")
    parser.add_argument("--keep", type=Path, help="leave the files as they are installed in this folder")
    parser.add_argument("--output", type=Path, required=True, help="the MSI to write")
    options = parser.parse_args(arguments)
    if (options.python is None) == (options.payload is None):
        parser.error("give --python or --payload")
    for given in (options.wheel, options.wheels, options.payload):
        if given is not None and not given.exists():
            parser.error(f"there is no {given}")
    try:
        with tempfile.TemporaryDirectory(prefix="photo-agent-msi-") as scratch:
            payload = options.payload
            if payload is None:
                payload = options.keep or Path(scratch) / "payload"
                fill(payload, options.python, options.wheel, options.wheels, Path(scratch))
            version = pack(payload, options.output.resolve(), Path(scratch))
    except NotBuilt as fault:
        print(fault, file=sys.stderr)
        return 2
    size = options.output.stat().st_size / 1e6
    print(f"{options.output}: version {version}, {size:.0f} MB, product code {{{product_code(version)}}}")
    return 0


# --- What is installed ------------------------------------------------------------------------------------------------


def fill(payload: Path, interpreter: Path, wheel: Path | None, wheels: Path | None, scratch: Path) -> None:
    """Lay out all files of the program in `payload`, which must not exist yet or be empty."""
    if payload.exists() and (not payload.is_dir() or any(payload.iterdir())):
        raise NotBuilt(f"{payload} is a file, or a folder that is not empty. Name an empty folder.")
    dll = next((one for one in interpreter.glob("python3*.dll") if re.fullmatch(r"python3\d\d\.dll", one.name)), None)
    if dll is None or not (interpreter / "pythonw.exe").is_file():
        raise NotBuilt(f"{interpreter} is not the folder of a Windows interpreter: no python3xx.dll and pythonw.exe.")
    minor = int(dll.stem.removeprefix("python3"))
    if sys.version_info[:2] != (3, minor):
        raise NotBuilt(f"That is Python 3.{minor} for Windows. Run this with Python 3.{minor}, which compiles for it.")
    python = payload / "python"
    python.mkdir(parents=True)
    _copy(interpreter, python)
    packages = python / "Lib" / "site-packages"
    packages.mkdir(parents=True, exist_ok=True)
    _install_wheels(packages, minor, wheel or _own_wheel(scratch), wheels, scratch)
    # Python searches only these folders for modules, whatever PYTHONPATH or the registry says.
    zipped = [one.name for one in sorted(interpreter.glob("python3*.zip"))]
    places = [*zipped, "Lib", "DLLs", ".", r"Lib\site-packages"]
    (python / f"{dll.stem}._pth").write_text("".join(f"{place}\r\n" for place in places), "ascii")
    # Users cannot write to Program Files, and a cabinet rounds times, so compile now, without a check against the time.
    compiling = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    _run([*compiling, "-s", python, python], "the modules could not be compiled")
    _run(
        ["x86_64-w64-mingw32-gcc", "-O2", "-s", "-municode", "-o", payload / "photo-agent.exe", HERE / "launcher.c"],
        "photo-agent.exe could not be made",
    )
    shutil.copyfile(CHECKOUT / "LICENSE", payload / "LICENSE.txt")


def _copy(interpreter: Path, python: Path) -> None:
    """Copy the interpreter's files, without parts that are never needed and without installed packages."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        of_library = Path(folder).name == "Lib" or Path(folder) == interpreter
        return {name for name in names if name == "__pycache__" or (of_library and name in LEFT_OUT)} | {
            name for name in names if name.endswith(("._pth", ".pyc")) or name in {"Scripts", "Doc"}
        }

    shutil.copytree(interpreter, python, ignore=left_out, dirs_exist_ok=True)


def _own_wheel(scratch: Path) -> Path:
    _run(_pip("wheel", "--no-deps", "-w", scratch / "own", CHECKOUT), "the program's own wheel could not be made")
    return next((scratch / "own").glob("*.whl"))


def _install_wheels(packages: Path, minor: int, own: Path, wheels: Path | None, scratch: Path) -> None:
    wanted = scratch / "wanted.txt"
    wanted.write_text("".join(requirements_for("win32", f"3.{minor}")), "utf-8")
    for_windows = ["--platform", "win_amd64", "--implementation", "cp", "--python-version", f"3.{minor}"]
    into = ["--target", packages, "--only-binary=:all:", "--no-deps", "--no-compile", *for_windows]
    source = [] if wheels is None else ["--no-index", "--find-links", wheels]
    _run(
        _pip("install", *into, *source, "--require-hashes", "-r", wanted),
        "pip could not get what the program needs (see the head of this file for --wheels)",
    )
    _run(_pip("install", *into, "--no-index", "--upgrade", own), "the program's wheel could not be unpacked")
    shutil.rmtree(packages / "bin", ignore_errors=True)  # commands for Linux
    for tests in packages.glob("*/tests"):
        shutil.rmtree(tests)


def _pip(*arguments: object) -> list[object]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments]


# --- The package ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Files:
    """The files of the payload, as the package lists them.

    Each file with a version is a component of its own, because Windows compares the versions. The other files of a
    folder are one component, which makes the installation several times as fast.
    """

    payload: Path
    ids: dict[Path, str] = field(default_factory=dict)
    components: list[str] = field(default_factory=list)

    def listed(self) -> Iterator[str]:
        """The XML of every folder and file."""
        yield from self._folder(self.payload)

    def _folder(self, folder: Path) -> Iterator[str]:
        together = []
        for path in sorted(folder.iterdir()):
            number = self._number(path)
            if path.is_dir():
                yield f"<Directory Id={quoteattr('d' + number.hex)} Name={quoteattr(path.name)}>"
                yield from self._folder(path)
                yield "</Directory>"
            elif path.suffix.lower() in VERSIONED:
                more = self._shortcut() if path.name == "photo-agent.exe" else ()
                yield from self._component(number, [path], more)
            else:
                together.append(path)
        if together:
            yield from self._component(uuid.uuid5(self._number(folder), "/"), together)

    def _component(self, number: uuid.UUID, paths: Sequence[Path], more: Iterable[str] = ()) -> Iterator[str]:
        self.components.append(f"c{number.hex}")
        yield f'<Component Id="c{number.hex}" Guid="{str(number).upper()}" Win64="yes">'
        for path in paths:
            self.ids[path] = identifier = "f" + self._number(path).hex
            source = quoteattr(f"files/{path.relative_to(self.payload).as_posix()}")
            key = ' KeyPath="yes"' if path == paths[0] else ""
            yield f'<File Id="{identifier}"{key} Name={quoteattr(path.name)} Source={source}/>'
        yield from more
        yield "</Component>"

    def _number(self, path: Path) -> uuid.UUID:
        """The number by which Windows Installer recognises this file or folder in every version."""
        return uuid.uuid5(COMPONENTS, path.relative_to(self.payload).as_posix())

    def _shortcut(self) -> Iterator[str]:
        yield (
            '<Shortcut Id="SchoolPhotos" Directory="ProgramMenuFolder" Name="School photos" Advertise="no" '
            'Target="[INSTALLDIR]python\\pythonw.exe" Arguments="-P -m agent.cli open" WorkingDirectory="INSTALLDIR" '
            'Description="Which photos are safe on the school network, and which need you"/>'
        )

    def references(self) -> Iterator[str]:
        """Every component, for the one feature."""
        yield from (f'<ComponentRef Id="{component}"/>' for component in self.components)


PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="{product}" Name="visit-photo-agent" Language="1033" Version="{version}" Manufacturer="visit-photo-agent"
 UpgradeCode="{upgrade}">
<Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"
 Description="Moves the photos of school visits to the school's share"/>
<MajorUpgrade DowngradeErrorMessage="A newer version of visit-photo-agent is installed already. Uninstall it first."/>
<Condition Message="This needs Windows 10 or newer with 64 bits.">VersionNT64 &gt;= 603</Condition>
<Media Id="1" Cabinet="files.cab" EmbedCab="yes"/>
<Property Id="ARPNOMODIFY" Value="1"/>
<Property Id="ARPCOMMENTS" Value="When it is removed, settings, keys and record stay in %LOCALAPPDATA%\\photo-agent."/>
<Directory Id="TARGETDIR" Name="SourceDir">
<Directory Id="ProgramFiles64Folder"><Directory Id="INSTALLDIR" Name="photo-agent">
{files}
</Directory></Directory>
<Directory Id="ProgramMenuFolder"/>
<Directory Id="System64Folder"/>
<Directory Id="CommonAppDataFolder"><Directory Id="SettingsFolder" Name="photo-agent">
<Component Id="{note}" Guid="{note_guid}" Win64="yes">
<File Id="WhereSettingsAre" KeyPath="yes" Name="where-settings-are.txt" Source="where-settings-are.txt"/>
</Component>
</Directory></Directory>
</Directory>
<Feature Id="Program" Level="1">
{references}
<ComponentRef Id="{note}"/>
</Feature>
</Product>
</Wix>
"""

NOTE = "WhereSettingsAreComponent"
PERMANENT_64 = 16 + 256  # msidbComponentAttributesPermanent, msidbComponentAttributes64bit


def pack(payload: Path, output: Path, scratch: Path) -> str:
    """Pack the payload into an MSI and return its version."""
    version = _version(payload)
    files = Files(payload.resolve())
    listed = "\n".join(files.listed())
    source = scratch / "photo-agent.wxs"
    source.write_text(
        PACKAGE.format(
            version=version,
            product=product_code(version),
            upgrade=UPGRADE_CODE,
            files=listed,
            references="\n".join(files.references()),
            note=NOTE,
            note_guid=str(uuid.uuid5(COMPONENTS, "/where-settings-are.txt")).upper(),
        ),
        "utf-8",
    )
    # wixl searches for files relative to its source, and does not accept full paths.
    (scratch / "files").symlink_to(files.payload)
    shutil.copyfile(HERE / "where-settings-are.txt", scratch / "where-settings-are.txt")
    output.parent.mkdir(parents=True, exist_ok=True)
    draft = scratch / "photo-agent.msi"
    _run(["wixl", "-D", "Win64=yes", "-a", "x64", "-o", draft, source], "wixl could not make the package")
    _complete(draft, files)
    shutil.move(draft, output)
    return version


def product_code(version: str) -> str:
    """The product code of this version. It is the same for every build, so that the version is installed only once."""
    return str(uuid.uuid5(COMPONENTS, f"/product {version}")).upper()


def _complete(msi: Path, files: Files) -> None:
    """Add what wixl cannot: PATH, the file that stays, and the versions of DLLs (without these, upgrades skip some)."""
    table = (
        "CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, "
        "`Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)"
    )
    # `=-`: set at installation and removed at removal; `*`: for the machine; `[~];`: after the existing value.
    row = (
        "INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) "
        f"VALUES ('Path', '=-*PATH', '[~];[INSTALLDIR]', '{_component(files, 'photo-agent.exe')}')"
    )
    queries = [
        table,
        row,
        "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)",
        "INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)",
        *_ending_the_task(),
        # Inside the transaction: if the new version cannot be installed, Windows restores the old one.
        "UPDATE `InstallExecuteSequence` SET `Sequence` = 1501 WHERE `Action` = 'RemoveExistingProducts'",
        f"UPDATE `Component` SET `Attributes` = {PERMANENT_64} WHERE `Component` = '{NOTE}'",
    ]
    for path, identifier in files.ids.items():
        if path.suffix.lower() in VERSIONED and (version := file_version(path)) is not None:
            queries += [
                f"UPDATE `File` SET `Version` = '{version}', `Language` = '0' WHERE `File` = '{identifier}'",
                f"DELETE FROM `MsiFileHash` WHERE `File_` = '{identifier}'",
            ]
    for begin in range(0, len(queries), 100):
        arguments = [part for query in queries[begin : begin + 100] for part in ("-q", query)]
        _run(["msibuild", msi, *arguments], "msibuild could not complete the package")


END_TASK = 34 + 64  # msidbCustomActionTypeExe + msidbCustomActionTypeDirectory, msidbCustomActionTypeContinue


def _ending_the_task() -> list[str]:
    """End the user's task before Windows looks for files in use, so that no restart is needed to replace them.

    The program may be ended at any instant. Its task starts it again within five minutes. If there is no such task, or
    it cannot be ended, the installation continues: Windows then replaces files in use at the next restart (3010).
    """
    line = f'"[System64Folder]schtasks.exe" /End /TN {TASK}'
    action = (
        "INSERT INTO `CustomAction` (`Action`, `Type`, `Source`, `Target`) "
        f"VALUES ('EndTask', {END_TASK}, 'System64Folder', '{line}')"
    )
    when = (
        "INSERT INTO `InstallExecuteSequence` (`Action`, `Condition`, `Sequence`) "
        "VALUES ('EndTask', 'WIX_UPGRADE_DETECTED OR REMOVE=\"ALL\"', 1390)"
    )
    return [action, when]


def _component(files: Files, name: str) -> str:
    return "c" + files.ids[files.payload / name][1:]


def _version(payload: Path) -> str:
    module = payload / "python" / "Lib" / "site-packages" / "agent" / "__init__.py"
    try:
        found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)', module.read_text("utf-8"), re.MULTILINE)
    except OSError as fault:
        raise NotBuilt(f"{payload} does not have the program in it: {fault.strerror}.") from fault
    if found is None:
        raise NotBuilt("The program's version must be three numbers, as in 1.2.3, because Windows compares them.")
    return found[1]


SIGNATURE = b"\xbd\x04\xef\xfe\x00\x00\x01\x00"
"""The beginning of VS_FIXEDFILEINFO: its signature, and the version of the structure."""


def file_version(path: Path) -> str | None:
    """The version in the resources of an executable, as Windows Installer compares it; None without a version."""
    content = path.read_bytes()
    at = content.find(SIGNATURE)
    if at < 0:
        return None
    high, low = (int.from_bytes(content[at + offset : at + offset + 4], "little") for offset in (8, 12))
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _run(command: Sequence[object], fault: str) -> None:
    line = [os.fspath(part) if isinstance(part, Path) else str(part) for part in command]
    try:
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False)
    except FileNotFoundError as missing:
        raise NotBuilt(
            f"There is no {line[0]} here. On Debian: apt install wixl msitools gcc-mingw-w64-x86-64"
        ) from missing
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-8:]
        raise NotBuilt("\n  ".join([f"{fault[0].upper()}{fault[1:]}:", *said]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
