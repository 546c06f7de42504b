"""The set-up scripts: readable to what runs them, careful with what is not theirs, clear about what is in the way."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from tests.platforms import links

INSTALL = Path(__file__).resolve().parents[3] / "install"
SHELL = sorted([*INSTALL.rglob("*.sh"), *INSTALL.glob("packages/deb/p*")])


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, INSTALL / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


environments = _module("virtual_environment")


@pytest.mark.parametrize("name", ["try.py", "test.py"])
def test_an_old_python_can_read_the_script_well_enough_to_be_told(name: str) -> None:
    tree = ast.parse((INSTALL / name).read_text("utf-8"), feature_version=(3, 6))
    check = next(place for place, node in enumerate(tree.body) if isinstance(node, ast.If))
    before = [node for node in tree.body[:check] if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in before] == ["import sys"]


def test_the_old_python_of_a_server_can_read_the_keeper() -> None:
    text = (INSTALL / "server" / "keep_share.py").read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 6))
    annotated = [node for node in ast.walk(tree) if isinstance(node, ast.arg | ast.FunctionDef)]
    given = [node.returns if isinstance(node, ast.FunctionDef) else node.annotation for node in annotated]
    # `int | None` and `list[str]` are evaluated there, and unknown before 3.10 and 3.9: only plain names, or quoted.
    assert all(one is None or isinstance(one, ast.Name | ast.Constant | ast.Attribute) for one in given)


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are for the others")
@pytest.mark.parametrize("script", SHELL, ids=lambda path: path.name)
def test_a_plain_shell_can_read_every_script(script: Path) -> None:
    for shell in ("dash", "bash"):
        if shutil.which(shell):
            done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


def test_shellcheck_finds_no_fault() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not on this machine")
    scripts = [str(path) for path in [*SHELL, INSTALL.parent / ".ci" / "run"]]
    done = subprocess.run(
        ["shellcheck", "-x", *scripts], cwd=INSTALL.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


# --- try.py and test.py -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "rest"),
    [
        (["--venv", "DIR", "--keep", "x"], ["--keep", "x"]),
        (["--keep", "x", "--venv=DIR"], ["--keep", "x"]),
    ],
)
def test_the_environments_folder_can_be_chosen_and_all_else_is_passed_on(
    arguments: list[str], rest: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert environments.folder_from(arguments) == (tmp_path / "DIR", rest)


def test_unless_chosen_the_environment_lies_in_the_checkout() -> None:
    assert environments.folder_from(["-k", "x"]) == (INSTALL.parent / ".venv", ["-k", "x"])


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(environments.NotReadyError, match="--venv DIR"):
        environments.prepare(tmp_path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize(
    "what", [pytest.param("linked", marks=links), "with another system's programs", "with somebody's files", "a file"]
)
def test_only_an_old_environment_is_cleared(tmp_path: Path, what: str) -> None:
    there = tmp_path / "there"
    foreign = "bin" if sys.platform == "win32" else "Scripts"
    (there / (foreign if "programs" in what else "lib")).mkdir(parents=True)
    (there / "pyvenv.cfg").touch()
    asked = there
    if what == "linked":
        asked = tmp_path / "link"
        asked.symlink_to(there)
    elif what == "with somebody's files":
        (there / "notes.txt").touch()
    elif what == "a file":
        asked = there / "pyvenv.cfg"
    before = sorted(there.rglob("*"))
    with pytest.raises(environments.NotReadyError, match="--venv DIR"):
        environments.prepare(asked, "")
    assert sorted(there.rglob("*")) == before


@pytest.mark.skipif(sys.platform != "win32", reason="only Windows' Python has launchers for its environments")
def test_an_environment_needs_no_launchers_from_its_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_lacks_launchers", lambda: True)
    environment = environments.Environment(tmp_path / "there")
    environments._make(environment)
    assert environments._works(environment)
    question = "import sys, ssl; print(sys.prefix)"
    asked = subprocess.run([environment.python, "-c", question], capture_output=True, text=True, check=True)
    assert Path(asked.stdout.strip()) == environment.folder
    own = Path(sysconfig.get_path("purelib"), "sitecustomize.py").is_file()
    assert (environment.folder / "Lib" / "site-packages" / "sitecustomize.py").is_file() == own


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root may write everywhere")
def test_a_place_that_may_not_be_written_to_is_named_with_the_way_out(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(environments.NotReadyError, match=rf"(?s){re.escape(str(tmp_path))}.*--venv FOLDER"):
            environments.prepare(tmp_path / "checkout" / ".venv", "")
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize("name", ["try.py", "test.py"])
def test_help_is_shown_without_installing_anything(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(INSTALL / name), "--venv", str(tmp_path / "venv"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"python3 install/{name}" in done.stdout
    assert not (tmp_path / "venv").exists()


def test_without_a_network_pips_own_words_and_ways_out_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(environments.NotReadyError, match=r"(?s)No matching distribution.*HTTPS_PROXY"):
        environments.prepare(tmp_path / "venv", "")


def test_what_stands_in_the_way_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    def _stuck(arguments: list[str]) -> int:
        raise environments.NotReadyError(f"No {arguments[0]}.")

    assert environments.explained(_stuck, ["network"]) == 2
    assert capsys.readouterr().err.strip() == "No network."


def test_the_exit_code_of_what_was_run_is_passed_on() -> None:
    assert environments.run([sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_a_run_in_which_every_test_was_skipped_counts_as_none(tmp_path: Path) -> None:
    tests = _module("test")
    report = tmp_path / "report.xml"
    report.write_text('<testsuites><testsuite tests="3" skipped="3" failures="0"/></testsuites>')
    assert tests._passed(report) == 0
    report.write_text('<testsuites><testsuite tests="3" skipped="2" failures="0"/></testsuites>')
    assert tests._passed(report) == 1
    assert tests._passed(tmp_path / "none.xml") == 0


# --- linux.sh ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def linux(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs linux.sh with a separate home folder."""
    if sys.platform != "linux":
        pytest.skip("linux.sh is for Linux")
    surroundings = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PHOTO_AGENT_AS_ROOT": "1"}

    def _linux(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(INSTALL / "linux.sh"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)

    return _linux


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The result of an installation, with an interpreter whose service is a stand-in; the rest is this program."""
    if sys.platform == "win32":
        pytest.skip("shell scripts are for the others")
    binaries = tmp_path / ".local" / "share" / "photo-agent" / "venv" / "bin"
    binaries.mkdir(parents=True)
    python = binaries / "python"
    python.write_text(
        f'#!/bin/sh\ncase $2 in *uninstall*) echo "$2" >> "{tmp_path}/asked"; exit "$(cat "{tmp_path}/code")" ;; '
        f'*) PYTHONPATH="{INSTALL.parent}" exec "{sys.executable}" "$@" ;; esac\n'
    )
    python.chmod(0o755)
    (tmp_path / "code").write_text("0")
    for folder in (".config/photo-agent", ".local/state/photo-agent", ".local/bin", "Pictures"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "kept").touch()
    (tmp_path / ".local" / "bin" / "photo-agent").symlink_to(binaries / "photo-agent")
    return tmp_path


def test_uninstalling_stops_the_service_and_keeps_keys_and_journal(
    linux: Callable[..., subprocess.CompletedProcess[str]], installed: Path
) -> None:
    done = linux("--uninstall")
    assert done.returncode == 0, done.stderr
    assert "uninstall()" in (installed / "asked").read_text()
    assert not (installed / ".local" / "share" / "photo-agent").exists()
    assert not (installed / ".local" / "bin" / "photo-agent").is_symlink()
    assert (installed / ".config" / "photo-agent" / "kept").exists()
    assert (installed / ".local" / "state" / "photo-agent" / "kept").exists()
    assert linux("--uninstall").returncode == 0


def test_purging_takes_the_programs_own_folders_and_no_other(
    linux: Callable[..., subprocess.CompletedProcess[str]], installed: Path
) -> None:
    done = linux("--uninstall", "--purge")
    assert done.returncode == 0, done.stderr
    assert not (installed / ".config" / "photo-agent").exists()
    assert not (installed / ".local" / "state" / "photo-agent").exists()
    assert (installed / "Pictures" / "kept").exists()


def test_nothing_is_taken_away_while_the_service_cannot_be_stopped(
    linux: Callable[..., subprocess.CompletedProcess[str]], installed: Path
) -> None:
    (installed / "code").write_text("1")
    assert linux("--uninstall", "--purge").returncode == 2
    assert (installed / ".local" / "share" / "photo-agent" / "venv").is_dir()
    assert (installed / ".config" / "photo-agent" / "kept").exists()


PREPARES = """#!/bin/sh
# A stand-in for Python: `-m venv DIR` makes an environment whose pip ends as the file `pip` says.
case $1 in
-c) exit 0 ;;
-m) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$0" "$3/bin/photo-agent" || exit 1
    printf '#!/bin/sh\\ncase $1 in -c) exec "{python}" "$@" ;; esac\\n' > "$3/bin/python"
    printf 'echo "$@" >> "{home}/pip-asked"; exit "$(cat "{home}/pip")"\\n' >> "$3/bin/python" ;;
*) echo "$*" >> "{home}/asked" ;;
esac
"""


@pytest.fixture
def upgrade(tmp_path: Path, installed: Path) -> Callable[[int], subprocess.CompletedProcess[str]]:
    """Sets up over an existing installation, with a pip that ends as requested; touches no service or settings."""
    python = tmp_path / "python"
    python.write_text(PREPARES.replace("{home}", str(tmp_path)).replace("{python}", sys.executable))
    python.chmod(0o755)
    (installed / ".config" / "photo-agent" / "agent.toml").touch()

    def _upgrade(pip: int) -> subprocess.CompletedProcess[str]:
        (tmp_path / "pip").write_text(str(pip))
        surroundings = {
            "HOME": str(tmp_path),
            "PATH": os.environ["PATH"],
            "PHOTO_AGENT_AS_ROOT": "1",
            "PYTHON": str(python),
        }
        command = ["sh", str(INSTALL / "linux.sh"), "--no-init"]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)

    return _upgrade


def test_a_failed_upgrade_leaves_the_old_version_running(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]], installed: Path
) -> None:
    old = installed / ".local" / "share" / "photo-agent" / "venv"
    done = upgrade(1)
    assert done.returncode == 2
    assert "Nothing was changed" in done.stderr
    assert (installed / ".local" / "bin" / "photo-agent").readlink() == old / "bin" / "photo-agent"
    assert [folder.name for folder in old.parent.iterdir()] == ["venv"]
    assert not (installed / "asked").exists()  # the service was not asked to stop


def test_an_upgrade_is_swapped_in_when_it_is_whole(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]], installed: Path
) -> None:
    done = upgrade(0)
    assert done.returncode == 0, done.stderr
    (version,) = (installed / ".local" / "share" / "photo-agent").iterdir()
    assert version.name.startswith("venv-")
    assert (installed / ".local" / "bin" / "photo-agent").readlink() == version / "bin" / "photo-agent"
    assert "service install" in (installed / "asked").read_text()


@pytest.mark.usefixtures("installed")
def test_without_settings_nothing_is_started_and_that_is_no_fault(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    settings = tmp_path / ".config" / "photo-agent" / "agent.toml"
    settings.unlink()
    done = upgrade(0)
    assert done.returncode == 0, done.stderr
    assert "run `photo-agent init`" in done.stdout
    assert "service install" not in (tmp_path / "asked").read_text()
    settings.write_text("wrong")  # that is a fault, and starting the service reports it
    upgrade(0)
    assert "service install" in (tmp_path / "asked").read_text()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="needs root")
def test_on_a_machine_of_its_only_the_program_is_installed_for_everybody(tmp_path: Path) -> None:
    python, place, link = tmp_path / "python", tmp_path / "opt" / "photo-agent", tmp_path / "bin" / "photo-agent"
    python.write_text(PREPARES.replace("{home}", str(tmp_path)).replace("{python}", sys.executable))
    python.chmod(0o755)
    (tmp_path / "pip").write_text("0")
    surroundings = {"HOME": str(tmp_path / "root"), "PATH": os.environ["PATH"], "PYTHON": str(python)}
    surroundings |= {"PHOTO_AGENT_SYSTEM": str(place), "PHOTO_AGENT_SYSTEM_LINK": str(link)}

    def system(*more: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", "-c", 'umask 077; exec sh "$@"', "sh", str(INSTALL / "linux.sh"), "--system", *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)

    (place / "venv-20200101000000").mkdir(parents=True)
    done = system()
    assert done.returncode == 0, done.stderr
    (version,) = place.iterdir()
    assert link.readlink() == version / "bin" / "photo-agent"
    assert version.stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "root").exists(), "nothing is root's own: no settings, menu or completion"
    assert (tmp_path / "asked").read_text().split() == ["--version"]
    assert system("--purge").returncode == 2
    del surroundings["HOME"]  # as cloud-init starts it
    done = system()
    assert done.returncode == 0, done.stderr
    assert system("--uninstall").returncode == 0
    assert not place.exists()
    assert not link.is_symlink()


@pytest.mark.usefixtures("installed")
def test_what_the_program_needs_is_installed_by_its_hashes_first(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    upgrade(0)
    asked = (tmp_path / "pip-asked").read_text().splitlines()
    first, second, *_ = [line for line in asked if " install " in line]
    assert f"--require-hashes -r {INSTALL / 'locked' / 'laptop.txt'}" in first
    assert str(INSTALL.parent) in second


@pytest.mark.parametrize("name", ["laptop", "package", "demo", "test", "development"])
def test_every_locked_package_has_its_hashes_and_no_registry_is_named(name: str) -> None:
    text = (INSTALL / "locked" / f"{name}.txt").read_text()
    packages = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert len(packages) > 20
    assert all("--hash=sha256:" in package for package in packages)
    assert "://" not in text


def test_the_locked_versions_are_those_that_the_project_asks_for() -> None:
    project = tomllib.loads((INSTALL.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    packaged = [one for name in ("heif", "zones", "demo", "desktop") for one in extras[name]]
    for name, wanted in {"laptop": [], "demo": extras["demo"], "package": packaged}.items():
        text = (INSTALL / "locked" / f"{name}.txt").read_text()
        locked = {found[1]: found[2] for found in re.finditer(r"^([a-z0-9.-]+)==([^ ]+)", text, re.MULTILINE)}
        for one in map(Requirement, [*project["dependencies"], *wanted]):
            assert locked[one.name.lower()] in one.specifier, one


def test_a_command_of_the_same_name_that_is_not_ours_stays(
    linux: Callable[..., subprocess.CompletedProcess[str]], installed: Path
) -> None:
    link = installed / ".local" / "bin" / "photo-agent"
    link.unlink()
    link.symlink_to("/usr/bin/true")
    done = linux()
    assert done.returncode == 2
    assert f"{link} exists and does not belong to this program" in done.stderr
    assert linux("--uninstall").returncode == 0
    assert link.readlink() == Path("/usr/bin/true")


def test_a_link_from_before_the_home_folder_moved_is_replaced(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]], installed: Path
) -> None:
    link = installed / ".local" / "bin" / "photo-agent"
    link.unlink()
    link.symlink_to("/home/before/.local/share/photo-agent/venv-20260101000000/bin/photo-agent")
    done = upgrade(0)
    assert done.returncode == 0, done.stderr
    assert link.readlink().parent.parent.parent == installed / ".local" / "share" / "photo-agent"


@pytest.mark.parametrize("arguments", [("--purge",), ("--nonsense",), ("--from", "/no/such/thing")])
def test_what_makes_no_sense_is_refused_before_anything_is_done(
    linux: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert linux(*arguments).returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_the_menu_opens_the_staff_page_until_the_program_is_taken_away(
    upgrade: Callable[[int], subprocess.CompletedProcess[str]],
    linux: Callable[..., subprocess.CompletedProcess[str]],
    installed: Path,
) -> None:
    assert upgrade(0).returncode == 0
    entry = installed / ".local" / "share" / "applications" / "photo-agent.desktop"
    lines = entry.read_text("utf-8").splitlines()
    assert "Name=School photos" in lines
    assert f'Exec="{installed}/.local/bin/photo-agent" open' in lines
    assert linux("--uninstall").returncode == 0
    assert not entry.exists()


# --- macos.sh ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are for the others")
def test_school_photos_is_a_program_on_a_mac_until_it_is_taken_away(tmp_path: Path) -> None:
    import plistlib

    home = tmp_path / "J. O'Neill $HOME"
    home.mkdir()
    python = tmp_path / "python"
    python.write_text(PREPARES.replace("{home}", str(tmp_path)).replace("{python}", sys.executable))
    python.chmod(0o755)
    (tmp_path / "pip").write_text("0")
    surroundings = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PHOTO_AGENT_AS_ROOT": "1",
        "PYTHON": str(python),
    }

    def macos(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(INSTALL / "macos.sh"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)

    for _ in range(2):  # set up, and upgraded
        done = macos("--no-init", "--no-service")
        assert done.returncode == 0, done.stderr
    app = home / "Applications" / "School photos.app" / "Contents"
    with (app / "Info.plist").open("rb") as file:
        about = plistlib.load(file)
    assert (about["CFBundleName"], about["CFBundlePackageType"]) == ("School photos", "APPL")
    started = subprocess.run([app / "MacOS" / about["CFBundleExecutable"]], check=False, env=surroundings)
    assert started.returncode == 0
    assert (tmp_path / "asked").read_text().splitlines()[-1] == "open"
    assert list(app.parent.parent.iterdir()) == [app.parent]
    assert macos("--uninstall").returncode == 0
    assert not app.parent.exists()
