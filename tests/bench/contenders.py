"""The programs that are compared, each as the command that sends one folder; missing ones are reported.

None of the others proves what it sent; rclone with a shell compares a checksum that the server works out.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.servers import BenchServer


@dataclass(frozen=True, slots=True)
class Job:
    """What a contender must do: send `folder` to `server`; `scratch` is for its own files."""

    server: BenchServer
    folder: Path
    scratch: Path

    @property
    def ssh_options(self) -> list[str]:
        """For OpenSSH's programs."""
        return [
            "-oBatchMode=yes",
            f"-oUserKnownHostsFile={self.server.known_hosts_file}",
            f"-oIdentityFile={self.server.key_file}",
            "-oIdentitiesOnly=yes",
        ]


@dataclass(frozen=True, slots=True)
class Contender:
    """A program: its name in the table, what makes its command, what it needs, what of the server."""

    name: str
    verifies: str
    command: Callable[[Job], list[str]]
    needs: tuple[str, ...] = ()
    chrooted: bool = False
    whole_day: bool = field(default=False)

    def why_not(self) -> str | None:
        """Why it cannot take part; None where it can."""
        missing = [tool for tool in self.needs if shutil.which(tool) is None]
        return f"{', '.join(missing)} not installed" if missing else None


def _python(how: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        server = job.server
        return [
            sys.executable, "-m", "tests.bench.sending", how, str(job.folder), server.host, server.user, server.root,
            str(server.port), str(server.key_file), str(server.known_hosts_file),
        ]  # fmt: skip

    return command


def _rclone(shell: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        server = job.server
        remote = (
            f":sftp,host={server.host},port={server.port},user={server.user},key_file={server.key_file},"
            f"known_hosts_file={server.known_hosts_file},{shell}:{server.root}/bench"
        )
        return ["rclone", "--config", str(job.scratch / "rclone.conf"), "move", str(job.folder), remote]

    return command


def _sftp(job: Job) -> list[str]:
    batch = job.scratch / "batch"
    batch.write_text(f"mkdir {job.server.root}/bench\nput {job.folder}/* {job.server.root}/bench/\n")
    where = f"{job.server.user}@{job.server.host}"
    return ["sftp", "-q", "-b", str(batch), "-P", str(job.server.port), *job.ssh_options, where]


def _lftp(job: Job) -> list[str]:
    program = " ".join(["ssh", "-a", "-x", *job.ssh_options])
    words = (
        f'set sftp:connect-program "{program}"; set cmd:fail-exit yes; '
        f"mirror -R --parallel=4 {job.folder} {job.server.root}/bench"
    )
    where = f"sftp://{job.server.user}:@{job.server.host}:{job.server.port}"
    return ["lftp", "--norc", "-c", f"set net:max-retries 1; open {where}; {words}"]


def _limit(job: Job) -> list[str]:
    ssh = " ".join(["ssh", *job.ssh_options, "-c", "aes128-gcm@openssh.com", "-p", str(job.server.port)])
    return ["sh", "-c", f"cat {job.folder}/* | {ssh} {job.server.user}@{job.server.host} 'cat >/dev/null'"]


def _both_ways(job: Job) -> list[str]:
    """As much down as up at the same time: what a link carries of a proof for which every byte is read back."""
    ssh = " ".join(["ssh", *job.ssh_options, "-c", "aes128-gcm@openssh.com", "-p", str(job.server.port)])
    where = f"{job.server.user}@{job.server.host}"
    down = f"{ssh} {where} 'cat {job.folder}/*' >/dev/null"
    return ["sh", "-c", f"{down} & {_limit(job)[-1]} && wait $!"]


OURS = "photo-agent, the share alone"
PIPELINE = "photo-agent sync, scan to removal"
RCLONE = "rclone move, hashed by a shell"
SFTP = "OpenSSH sftp -b"
LIMIT = "limit: cat through ssh"
BOTH_WAYS = "the same, and as much back"

ALL = (
    Contender(OURS, "read back", _python("ours"), needs=()),
    Contender(PIPELINE, "read back", lambda _: [], whole_day=True),
    Contender(RCLONE, "MD5 by the server", _rclone("shell_type=unix"), needs=("rclone",)),
    Contender("rclone move, chrooted", "size", _rclone("shell_type=none"), needs=("rclone",), chrooted=True),
    Contender(SFTP, "no", _sftp, needs=("sftp",)),
    Contender("lftp mirror, 4 at once", "no", _lftp, needs=("lftp", "ssh")),
    Contender("paramiko put", "size", _python("paramiko")),
    Contender(LIMIT, "no", _limit, needs=("ssh",)),
    Contender(BOTH_WAYS, "no", _both_ways, needs=("ssh",)),
)
