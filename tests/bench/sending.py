"""The two contenders that are Python: `python -m tests.bench.sending ours|paramiko …`, each sends one folder."""

import argparse
import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from agent.folders import look
from agent.model.delivery import Delivery, Outgoing
from agent.model.files import Fingerprint
from agent.model.ids import PhotoId, RemoteName, Sha256, TransferId
from agent.share import Delivered, Server, Undelivered, open_share


def main() -> None:
    """Send, and fail loudly where anything was not sent."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("how", choices=("ours", "paramiko"))
    options.add_argument("folder", type=Path)
    for name in ("host", "user", "root"):
        options.add_argument(name)
    options.add_argument("port", type=int)
    options.add_argument("key", type=Path)
    options.add_argument("known_hosts", type=Path)
    options.add_argument("--connections", type=int, default=2)
    chosen = options.parse_args()
    (ours if chosen.how == "ours" else paramiko_put)(chosen)


def ours(chosen: argparse.Namespace) -> None:
    """Through the share. As in a sync, each file is hashed before it is sent, the first ones during the login."""
    server = Server(
        chosen.host, chosen.port, chosen.user, chosen.root, chosen.key, chosen.known_hosts, "bench",
        connections=chosen.connections,
    )  # fmt: skip
    files = sorted(chosen.folder.iterdir(), key=lambda path: path.stat().st_size)
    waiting, proven = deliveries(files), 0
    with ThreadPoolExecutor(1) as apart:
        early = apart.submit(open_share, server, clock=lambda: datetime.now(UTC), delivering=True)
        first = next(waiting)
    with early.result() as share:
        for outcome in share.deliver(chain([first], waiting)):
            if isinstance(outcome, Undelivered):
                raise outcome.error
            proven += isinstance(outcome, Delivered)
    if proven != len(files):
        sys.exit(f"{proven} of {len(files)} proven")


def deliveries(files: list[Path]) -> Iterator[Delivery]:
    """One delivery for each file."""
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        local = look(path)
        assert local is not None
        meant = Fingerprint(Sha256(digest), local.size)
        outgoing = Outgoing(name=RemoteName(f"visits/bench/{path.name.lower()}"), source=local, original=meant)
        transfer = hashlib.sha256(path.name.encode()).hexdigest()[:32]
        yield Delivery(TransferId(transfer), PhotoId(transfer), (outgoing,))


def paramiko_put(chosen: argparse.Namespace) -> None:
    """`SFTPClient.put`, as most scripts do it."""
    from paramiko import RejectPolicy, SSHClient

    with SSHClient() as client:
        client.load_host_keys(str(chosen.known_hosts))
        client.set_missing_host_key_policy(RejectPolicy())
        client.connect(
            chosen.host, chosen.port, chosen.user, key_filename=str(chosen.key), look_for_keys=False, allow_agent=False
        )
        sftp = client.open_sftp()
        sftp.mkdir(f"{chosen.root}/bench")
        for path in sorted(chosen.folder.iterdir()):
            sftp.put(str(path), f"{chosen.root}/bench/{path.name}")


if __name__ == "__main__":
    main()
