"""What the attacks of a hostile device use: programs on the server, requests that paramiko has no name for."""

import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import paramiko
import pytest

from tests.laptop import Laptop
from tests.servers.school import Account, School, needs_users, one_at_a_time

MARKS = [needs_users, *one_at_a_time, pytest.mark.slow]


def laptop_of(account: Account, home: Path) -> Laptop:
    made = Laptop(home, account)
    made.configure(device={"name": account.device})
    return made


def clear(school: School) -> None:
    """Remove everything except the folders that the server itself made."""
    records = [path for path in (school.photos / "record").iterdir() if path.is_dir()]
    for folder in (school.visits, school.share / "set-aside", *records):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def modes(path: Path) -> tuple[str, str, int]:
    return path.owner(), path.group(), stat.S_IMODE(path.lstat().st_mode)


def as_user(account: Account, program: str, folder: Path) -> None:
    """Run a program as the device's user on the server itself, in a folder of the share."""
    done = subprocess.run(
        in_the_name_of(account, program),
        cwd="/",
        env={"FOLDER": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def in_the_name_of(account: Account, program: str) -> list[str]:
    user = account.user
    return [
        *("setpriv", "--reuid", user, "--regid", "photo-agents", "--init-groups", "--"),
        *(
            "env",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "python3",
            "-c",
            "import os; os.chdir(os.environ['FOLDER'])\n" + program,
        ),
    ]


def extended(sftp: paramiko.SFTPClient, name: str, *fields: Any) -> None:
    sftp._request(200, name.encode(), *(one.encode() if isinstance(one, str) else one for one in fields))
