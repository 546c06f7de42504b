"""The MSI: built here, installed, used, upgraded and taken away under Wine.

Wine cuts exit codes to 8 bits, puts the shortcut into the user's menu, and does not repair. Windows Installer's own
rules for DLLs, GPO and Intune are not tried.
"""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.service.launch import NAME
from tests.packages.builder import NEXT, build, python_with_pip
from tests.windows.conftest import VARIABLE

FAILED = 1603 & 0xFF  # ERROR_INSTALL_FAILURE, as Wine hands it on

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Windows Python"),
    pytest.mark.skipif(shutil.which("wixl") is None, reason="no wixl here (Debian: wixl, msitools)"),
    pytest.mark.timeout(1800, func_only=True),
    pytest.mark.xdist_group("msi"),
]


PROGRAM = "C:\\Program Files\\photo-agent\\photo-agent.exe"

SETTINGS = """
[device]
staff = "j.smith"
timezone = "Europe/London"
state_dir = '{state}'
[folders]
watch = ['{imports}']
[share]
host = "127.0.0.1"
port = 1
user = "laptop-17"
"""


def named(path: Path) -> str:
    """A file of this machine as Wine shows it."""
    return "Z:" + str(path).replace("/", "\\")


@dataclass(frozen=True)
class Wine:
    """Where the packages are installed."""

    prefix: Path

    @property
    def environment(self) -> dict[str, str]:
        # No desktop, no .NET.
        without = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree=;mshtml=;winemenubuilder.exe=;explorer.exe="}
        return {**os.environ, "WINEPREFIX": str(self.prefix), **without}

    def run(self, *line: str) -> subprocess.CompletedProcess[str]:
        # Through pipes: a file that is handed down has no name in Wine.
        return subprocess.run(
            ["wine", *line],
            env=self.environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=900,
        )

    def install(self, how: str, msi: Path) -> int:
        return self.run("msiexec", how, named(msi), "/qn", "/norestart").returncode

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(PROGRAM, *arguments)

    @contextmanager
    def service(self, base: Path) -> Iterator["subprocess.Popen[str]"]:
        """The installed program at work, as its task starts it; its share cannot be reached."""
        imports, settings = base / "imports", base / "agent.toml"
        imports.mkdir()
        settings.write_text(SETTINGS.format(imports=named(imports), state=named(base / "state")), "utf-8")
        process = subprocess.Popen(
            ["wine", PROGRAM, "--config", named(settings), "run"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(60)

    @property
    def installed(self) -> Path:
        return self.prefix / "drive_c" / "Program Files" / "photo-agent"

    @property
    def machines(self) -> Path:
        return self.prefix / "drive_c" / "ProgramData" / "photo-agent"

    @property
    def users(self) -> Path:
        (home,) = [one for one in (self.prefix / "drive_c" / "users").iterdir() if one.name != "Public"]
        return home / "AppData" / "Local" / "photo-agent"

    def shortcuts(self) -> list[Path]:
        return list((self.prefix / "drive_c").rglob("School photos.lnk"))

    def path(self) -> str:
        key = "HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment"
        return self.run("reg", "query", key, "/v", "PATH").stdout


@dataclass(frozen=True)
class Packages:
    """Two versions: the files that each installs, and its MSI."""

    payloads: tuple[Path, Path]
    msis: tuple[Path, Path]


@pytest.fixture(scope="module")
def windows() -> Path:
    """What tests/windows/windows-python.sh prepared."""
    return Path(os.environ[VARIABLE]).resolve().parent


@pytest.fixture(scope="module")
def packages(windows: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    base = tmp_path_factory.mktemp("msi")
    interpreter = base / "interpreter"
    _interpreter(windows / "windows", interpreter)
    first, second = base / "payload-1", base / "payload-2"
    build("msi/build.py", "--python", interpreter, "--wheel", wheel, "--keep", first, "--output", base / "1.msi")
    # Every upgrade takes away files that nothing needs any more. Here they are what `--version` can do without, so that
    # Wine has a tenth to install.
    shutil.copytree(first, second, ignore=_needed_only_for_photos)
    module = second / "python" / "Lib" / "site-packages" / "agent" / "__init__.py"
    text = module.read_text("utf-8").splitlines()
    module.write_text("\n".join([f'__version__ = "{NEXT}"' if "__version__" in line else line for line in text]))
    compiling = [
        python_with_pip(),
        "-m",
        "compileall",
        "-q",
        "-f",
        "--invalidation-mode",
        "unchecked-hash",
        str(module),
    ]
    subprocess.run(compiling, check=True)
    build("msi/build.py", "--payload", second, "--output", base / "2.msi")
    return Packages((first, second), (base / "1.msi", base / "2.msi"))


def _needed_only_for_photos(folder: str, names: list[str]) -> set[str]:
    packages = Path(folder).name == "site-packages"
    return {name for name in names if packages and not name.startswith(("agent", "click", "visit_photo_agent"))}


def _interpreter(prepared: Path, interpreter: Path) -> None:
    """Windows' Python as python.org packs it for programs: the library in a zip, and nothing that Wine needs."""
    unwanted = ["site-packages", "bcryptprimitives.dll", "__pycache__", "test", "idlelib", "lib2to3", "ensurepip"]
    shutil.copytree(prepared, interpreter, ignore=shutil.ignore_patterns(*unwanted))
    library = interpreter / "Lib"
    line = [python_with_pip(), "-m", "compileall", "-q", "-b", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*line, str(library)], check=False)
    (dll,) = interpreter.glob("python3??.dll")
    with zipfile.ZipFile(interpreter / f"{dll.stem}.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in sorted(library.rglob("*.pyc")):
            zipped.write(path, path.relative_to(library))
    shutil.rmtree(library)


@pytest.fixture(scope="module")
def wine(windows: Path) -> Iterator[Wine]:
    there = Wine(windows / "wine")
    # A DLL of Windows' own that Wine 8 lacks.
    lacking = there.prefix / "drive_c" / "windows" / "system32" / "bcryptprimitives.dll"
    was_there = lacking.exists()
    if not was_there:
        shutil.copyfile(windows / "windows" / "bcryptprimitives.dll", lacking)
    yield there
    if not was_there:
        lacking.unlink()
    for folder in (there.machines, there.users):
        shutil.rmtree(folder, ignore_errors=True)


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(msi: Path, table: str) -> list[list[str]]:
    told = subprocess.run(["msiinfo", "export", str(msi), table], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in told.splitlines()[3:]]


def test_it_is_for_the_whole_machine_and_an_upgrade_can_be_undone(packages: Packages) -> None:
    first, second = packages.msis
    assert ["ALLUSERS", "1"] in rows(first, "Property")
    at = {row[0]: int(row[2]) for row in rows(first, "InstallExecuteSequence")}
    assert at["InstallInitialize"] < at["RemoveExistingProducts"] < at["InstallFiles"]
    assert rows(first, "Upgrade")[0][0] == rows(second, "Upgrade")[0][0]
    codes = [dict(row[:2] for row in rows(msi, "Property"))["ProductCode"] for msi in packages.msis]
    assert codes[0] != codes[1]


def test_a_running_program_is_ended_before_windows_looks_for_files_in_use(packages: Packages) -> None:
    """Wine has no Task Scheduler, so only the package is read. If no task can be ended, the installation goes on."""
    first = packages.msis[0]
    ((action, kind, _, line, *_),) = rows(first, "CustomAction")
    assert line.endswith(f"/End /TN {NAME}")
    assert int(kind) & 64, "msidbCustomActionTypeContinue"
    at = {row[0]: int(row[2]) for row in rows(first, "InstallExecuteSequence")}
    assert at["CostFinalize"] < at[action] < at["InstallValidate"]


def test_every_file_keeps_its_component_and_dlls_have_their_versions(packages: Packages) -> None:
    first, second = ({row[0]: row[1] for row in rows(msi, "Component")} for msi in packages.msis)
    assert second.items() < first.items()
    files = {row[2].rpartition("|")[2]: row[4] for row in rows(packages.msis[0], "File")}
    assert files["python311.dll"].startswith("3.11.") or "python311.dll" not in files
    versioned = [name for name, version in files.items() if version]
    assert len(versioned) > 20
    hashed = {row[0] for row in rows(packages.msis[0], "MsiFileHash")}
    assert not hashed & {row[0] for row in rows(packages.msis[0], "File") if row[4]}


def test_no_module_is_left_to_be_compiled(packages: Packages) -> None:
    agent = packages.payloads[0] / "python" / "Lib" / "site-packages" / "agent"
    for source in agent.rglob("*.py"):
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc")
        assert compiled.read_bytes()[4:8] == b"\x01\0\0\0", "by hash, and never compared"


def test_it_is_installed_used_upgraded_and_taken_away(wine: Wine, packages: Packages, tmp_path: Path) -> None:
    assert wine.install("/i", packages.msis[0]) == 0
    try:
        assert contents(wine.installed) == contents(packages.payloads[0])
        assert wine.program("--version").stdout.strip() == "photo-agent 0.1.0"
        assert "C:\\Program Files\\photo-agent\\" in wine.path()
        assert wine.shortcuts()
        demo = wine.program("demo")
        assert demo.returncode == 0, demo.stdout + demo.stderr
        assert "6 removed" in demo.stdout
        assert wine.program("explain", "no such file.jpg").returncode == 2

        keys = {wine.users / "agent.toml": b"# mine\n", wine.users / "id_ed25519": b"a key\n"}
        keys |= {wine.machines / "agent.toml": b"# IT's\n"}
        for file, content in keys.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

        with wine.service(tmp_path) as running:
            assert running.stdout is not None
            while "Photos of visits go to" not in (line := running.stdout.readline()):
                assert line, "it ended early"
            assert wine.install("/i", packages.msis[1]) == 0, "an upgrade while it runs"
            said, _ = running.communicate(timeout=90)
            assert f"Version {NEXT} was installed over this one" in said
            assert running.returncode == 0, said
        # Windows removes files that were in use at the next restart (3010). Wine leaves them, and says nothing.
        for file in set(contents(wine.installed)) - set(contents(packages.payloads[1])):
            assert file.endswith(".pyd"), "a module of the running program"
            (wine.installed / file).unlink()
            for folder in (wine.installed / file).parents:
                if any(folder.iterdir()):
                    break
                folder.rmdir()
        assert contents(wine.installed) == contents(packages.payloads[1])
        assert wine.program("--version").stdout.strip() == f"photo-agent {NEXT}"
        assert wine.install("/i", packages.msis[0]) == FAILED, "an older version is refused"
        assert wine.program("--version").stdout.strip() == f"photo-agent {NEXT}"
    finally:
        code = wine.install("/x", packages.msis[1])
    assert code == 0
    assert not wine.installed.exists()
    assert not wine.shortcuts()
    assert {file: file.read_bytes() for file in keys} == keys
    assert "%LOCALAPPDATA%\\photo-agent" in (wine.machines / "where-settings-are.txt").read_text("utf-8")


@pytest.mark.skipif(shutil.which("osslsigncode") is None, reason="no osslsigncode here")
def test_a_signature_holds_and_one_changed_byte_breaks_it(packages: Packages, tmp_path: Path) -> None:
    key, certificate, signed = (tmp_path / name for name in ("key.pem", "certificate.pem", "signed.msi"))
    subject = ["-subj", "/CN=School IT", "-addext", "extendedKeyUsage=codeSigning", "-days", "2"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *subject], check=True, capture_output=True)
    signing = ["osslsigncode", "sign", "-certs", str(certificate), "-key", str(key), "-h", "sha256"]
    subprocess.run([*signing, "-in", str(packages.msis[0]), "-out", str(signed)], check=True, capture_output=True)

    def holds() -> bool:
        line = ["osslsigncode", "verify", "-CAfile", str(certificate), "-in", str(signed)]
        return subprocess.run(line, capture_output=True, check=False).returncode == 0

    assert holds()
    with signed.open("r+b") as file:
        file.seek(signed.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    assert not holds()
