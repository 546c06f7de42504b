"""The same faults on photo-agent and on the ways people move photos today: which of them loses one.

    python -m tests.bench.faults_peers [--json] [--only WORD]

Each contender moves a folder of photos to the same sshd and removes them here, and meets the same fault on the way. A
fault is survived when, after it and after a second run that nothing disturbs, every photo's bytes are whole on the
laptop or on the share, and nothing that lay on the share before was overwritten. The last line asks whether a photo
that is nobody's business stayed where it was. The peers are run as their manuals say. rsync does not use SFTP, so what
an SFTP server answers wrongly it does not meet.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.wire import Bad, Wire
from tests.faults.world import laptop_for, photo, put
from tests.laptop import ON_VISIT, PRIVATE, minutes
from tests.servers.openssh import SUBSYSTEM, OpenSSH

PHOTOS = 6
SIZE = 700_000
OURS = "photo-agent sync"
RSYNC = "rsync --remove-source-files"
LIAR = Path(__file__).parents[1] / "servers" / "faulty.py"

SCRIPT = """
import os, sys, paramiko
folder, host, port, user, key, known, root = sys.argv[1:]
client = paramiko.SSHClient()
client.load_host_keys(known)
client.connect(host, int(port), user, key_filename=key, timeout=20, allow_agent=False, look_for_keys=False)
sftp = client.open_sftp()
for part in (root, ):
    try: sftp.mkdir(part)
    except OSError: pass
for name in sorted(os.listdir(folder)):
    path = os.path.join(folder, name)
    sftp.put(path, root + "/" + name)
    os.unlink(path)
client.close()
"""
"""What somebody might write in an evening: paramiko's `put`, which compares sizes, then unlink."""


@dataclass(slots=True)
class Stand:
    """A laptop with photos, a share, and a wire between them; `expected` are the photos' contents by SHA-256.

    `worthless` are contents on the share that may be overwritten: halves of photos.
    """

    home: Path
    sshd: OpenSSH
    wire: Wire
    plan: Path
    expected: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    worthless: set[str] = field(default_factory=set)

    @property
    def folder(self) -> Path:
        return self.home / "Camera Imports"

    @property
    def known_hosts(self) -> Path:
        return self.home / "config" / self.sshd.known_hosts_file.name

    @property
    def key(self) -> Path:
        return self.home / "config" / self.sshd.key_file.name

    @property
    def ssh(self) -> str:
        return (
            f"ssh -a -x -p {self.wire.port} -i {self.key} -oIdentitiesOnly=yes -oBatchMode=yes "
            f"-oUserKnownHostsFile={self.known_hosts} -oServerAliveInterval=2 -oServerAliveCountMax=2"
        )

    @property
    def target(self) -> str:
        return f"{self.sshd.root}/visits/museum"

    def fill(self) -> None:
        """Photos of a visit, a private one, and one that is on the share already under a name that a camera repeats."""
        for n in range(PHOTOS):
            content = photo(ON_VISIT + minutes(n), SIZE, n)
            put(self.folder / f"IMG_{n}.JPG", content, mtime=1_773_480_000 + n)
            self.expected[hashlib.sha256(content).hexdigest()] = f"IMG_{n}.JPG"
        private = photo(PRIVATE, 40_000, 99)
        put(self.folder / "IMG_99.JPG", private)
        self.expected[hashlib.sha256(private).hexdigest()] = "IMG_99.JPG"
        (self.sshd.disk / "visits" / "museum").mkdir(parents=True)

    def remember_the_share(self) -> None:
        self.before = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self.sshd.disk / "visits").rglob("*")
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() not in self.worthless
        }

    def lost(self) -> list[str]:
        """Photos that have no whole copy, by name; and what was overwritten on the share."""
        from tests.faults.invariants import original_of

        there: set[str] = set()
        for path in (self.sshd.disk / "visits").rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                content = path.read_bytes()
                there.add(hashlib.sha256(content).hexdigest())
                there.update(original_of(content))
        for path in self.folder.rglob("*"):
            if path.is_file():
                there.add(hashlib.sha256(path.read_bytes()).hexdigest())
        gone = [name for content, name in self.expected.items() if content not in there]
        return gone + [f"{name}, overwritten" for name, content in self.before.items() if content not in there]


def _ours(stand: Stand) -> list[str]:
    return [sys.executable, "-m", "agent.cli", "--config", str(stand.home / "agent.toml"), "sync"]


def _rclone(stand: Stand) -> list[str]:
    remote = (
        f":sftp,host={stand.sshd.host},port={stand.wire.port},user={stand.sshd.user},key_file={stand.key},"
        f"known_hosts_file={stand.known_hosts},shell_type=unix:{stand.target}"
    )
    config = str(stand.home / "rclone.conf")
    return ["rclone", "--config", config, "--retries", "1", "--timeout", "5s", "move", str(stand.folder), remote]


def _lftp(stand: Stand) -> list[str]:
    where = f"sftp://{stand.sshd.user}:@{stand.sshd.host}:{stand.wire.port}"
    words = f"mirror -R --Remove-source-files '{stand.folder}' {stand.target}"
    options = "set net:max-retries 2; set net:timeout 5; set net:reconnect-interval-base 1; set cmd:fail-exit yes"
    return ["lftp", "--norc", "-c", f'{options}; set sftp:connect-program "{stand.ssh}"; open {where}; {words}']


def _rsync(stand: Stand) -> list[str]:
    where = f"{stand.sshd.user}@{stand.sshd.host}:{stand.target}/"
    return ["rsync", "-a", "--timeout=8", "--remove-source-files", "-e", stand.ssh, f"{stand.folder}/", where]


def _script(stand: Stand) -> list[str]:
    server = [stand.sshd.host, str(stand.wire.port), stand.sshd.user, str(stand.key), str(stand.known_hosts)]
    return [sys.executable, "-c", SCRIPT, str(stand.folder), *server, stand.target]


CONTENDERS: dict[str, tuple[Callable[[Stand], list[str]], str | None]] = {
    OURS: (_ours, None),
    "rclone move": (_rclone, "rclone"),
    "lftp mirror --Remove-source-files": (_lftp, "lftp"),
    RSYNC: (_rsync, "rsync"),
    "paramiko put + unlink": (_script, None),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong: while a run is under way (`happens`), on the wire, or in the server's answers (`plan`)."""

    name: str
    wire: tuple[int, Bad] | None = None
    plan: dict[str, object] | None = None
    happens: Callable[[Stand, "subprocess.Popen[bytes]"], None] | None = None
    first: Callable[[Stand], None] = lambda _: None


def _killed_after(seconds: float) -> Callable[[Stand, "subprocess.Popen[bytes]"], None]:
    def happens(_: Stand, process: "subprocess.Popen[bytes]") -> None:
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    return happens


def _edited(stand: Stand, process: "subprocess.Popen[bytes]") -> None:
    """While a run is under way somebody's editor writes another picture into each file; size and time stay."""
    originals = {name: content for content, name in stand.expected.items()}
    while stand.wire.packets < 60 and process.poll() is None:  # logged in, and sending
        time.sleep(0.005)
    while process.poll() is None:
        for n in range(PHOTOS):
            path = stand.folder / f"IMG_{n}.JPG"
            with contextlib.suppress(OSError):
                seen, before = path.stat(), hashlib.sha256(path.read_bytes()).hexdigest()
                content = photo(ON_VISIT + minutes(n), SIZE, n + 1000)
                if before != originals[path.name] or len(content) != seen.st_size:
                    continue  # done already
                with path.open("r+b") as file:
                    file.write(content)
                    os.utime(file.fileno(), ns=(seen.st_atime_ns, seen.st_mtime_ns))
                del stand.expected[before]
                stand.expected[hashlib.sha256(content).hexdigest()] = f"{path.name}, edited"
        time.sleep(0.01)


def _name_is_taken(stand: Stand) -> None:
    """The camera began again at IMG_0: photos of another day lie on the share under these names, equal in size."""
    for n in range(PHOTOS):
        name = stand.sshd.disk / "visits" / "museum" / f"IMG_{n}.JPG"
        put(name, photo(ON_VISIT + minutes(n + 100), SIZE, n + 300), mtime=1_773_480_000 + n)
        name.chmod(0o666)


def _half_is_there(stand: Stand) -> None:
    """An earlier copy was cut short: names and times are there, and half of the bytes, the rest zeros."""
    for n in range(PHOTOS):
        content = (stand.folder / f"IMG_{n}.JPG").read_bytes()
        half = content[: len(content) // 2] + bytes(len(content) - len(content) // 2)
        stand.worthless.add(hashlib.sha256(half).hexdigest())
        put(stand.sshd.disk / "visits" / "museum" / f"IMG_{n}.JPG", half, mtime=1_773_480_000 + n)


FAULTS = (
    *(Fault(f"connection cut at packet {at}", wire=(at, Bad.CUT)) for at in (40, 90, 150)),
    *(Fault(f"connection reset at packet {at}", wire=(at, Bad.RESET)) for at in (60, 120)),
    Fault("connection dead at packet 80", wire=(80, Bad.STALLED)),
    *(Fault(f"killed after {seconds:g} s", happens=_killed_after(seconds)) for seconds in (0.4, 0.8, 1.2)),
    *(Fault(f"server flips a bit of write {n}", plan={"step": "write", "n": n, "how": "corrupt"}) for n in (1, 20, 60)),
    *(
        Fault(f"server says OK to write {n}, and does nothing", plan={"step": "write", "n": n, "how": "confirm"})
        for n in (2, 30)
    ),
    Fault("server says OK to a rename, and does nothing", plan={"step": "rename", "n": 1, "how": "confirm"}),
    Fault("server is full at write 20", plan={"step": "write", "n": 20, "how": "full"}),
    Fault("server drops the session at close 2", plan={"step": "close", "n": 2, "how": "drop"}),
    Fault("other photos have these names, equal in size", first=_name_is_taken),
    Fault("half of each is there, equal in size and time", first=_half_is_there),
    Fault("a photo is edited while it is sent", happens=_edited),
)


@contextlib.contextmanager
def server(plan: Path) -> Iterator[OpenSSH]:
    """An sshd whose answers go through the proxy that can lie."""
    plan.write_text(json.dumps({"step": "", "n": 0, "how": ""}))
    with OpenSSH(subsystem=f"{sys.executable} -I -S {LIAR} {plan}") as sshd:
        yield sshd


def tried(fault: Fault, name: str, sshd: OpenSSH, wire: Wire, plan: Path, scratch: Path) -> tuple[str, bool]:
    """What happened to the photos, in words; and whether the private one stayed."""
    command, _ = CONTENDERS[name]
    sshd.fresh_root()
    home = Path(tempfile.mkdtemp(dir=scratch)) / "home"
    laptop_for(home, sshd, share={"port": wire.port})
    stand = Stand(home, sshd, wire, plan)
    stand.known_hosts.write_text(sshd.known_hosts_file.read_text().replace(f":{sshd.port} ", f":{wire.port} "))
    stand.fill()
    fault.first(stand)
    stand.remember_the_share()
    said = []
    for disturbed in (True, False):
        wire.mend()
        if disturbed and fault.wire is not None:
            wire.go_bad(*fault.wire)
        bad = fault.plan if disturbed and fault.plan is not None else {"step": "", "n": 0, "how": ""}
        _replace(plan, json.dumps(bad))
        said.append(_run(command(stand), stand, fault.happens if disturbed else None))
        wire.hang_up()
        lost = stand.lost()
        if lost:
            return f"lost {', '.join(sorted(lost)[:2])}{' …' if len(lost) > 2 else ''}", False
    return ("survived" if "hung" not in said else "survived, hung"), (stand.folder / "IMG_99.JPG").exists()


def _replace(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)


def _run(command: list[str], stand: Stand, happens: "Callable[[Stand, subprocess.Popen[bytes]], None] | None") -> str:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HOME": str(stand.home)},
    )
    meddler = None
    if happens is not None:
        meddler = threading.Thread(target=happens, args=(stand, process))
        meddler.start()
    try:
        process.wait(90)
    except subprocess.TimeoutExpired:
        return "hung"
    else:
        return "ended"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if meddler is not None:
            meddler.join()


def main() -> None:
    """Everything in one run; the table on standard output, in Markdown."""
    if not SUBSYSTEM.is_file():
        sys.exit(f"OpenSSH's sftp-server is not at {SUBSYSTEM}")
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    names = [name for name, (_, needs) in CONTENDERS.items() if needs is None or shutil.which(needs)]
    results: dict[str, dict[str, str]] = {}
    private: dict[str, list[bool]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="vpa-peers-") as folder:
        scratch = Path(folder)
        plan = scratch / "plan.json"
        with server(plan) as sshd, Wire(sshd.port) as wire:
            for fault in [fault for fault in FAULTS if only in fault.name]:
                row = results[fault.name] = {}
                for name in names:
                    if fault.plan is not None and name == RSYNC:
                        row[name] = "–"
                        continue
                    row[name], kept = tried(fault, name, sshd, wire, plan, scratch)
                    private[name].append(kept)
                    print(f"{fault.name}: {name}: {row[name]}", file=sys.stderr, flush=True)
    if "--json" in sys.argv:
        print(json.dumps(results, indent=1))
        return
    print("| fault | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for name, row in results.items():
        print(f"| {name} | " + " | ".join(row[one] for one in names) + " |")
    survived = [sum(row[one].startswith("survived") for row in results.values()) for one in names]
    met = [sum(row[one] != "–" for row in results.values()) for one in names]
    counts = [f"**{well} of {all_}**" for well, all_ in zip(survived, met, strict=True)]
    print("| **survived** | " + " | ".join(counts) + " |")
    kept = ["yes" if all(private[one]) else "no" for one in names]
    print("| the private photo stayed | " + " | ".join(kept) + " |")


if __name__ == "__main__":
    main()
