"""A trip's photos through `photo-agent sync` against a real sshd, judged from outside: `python -m tests.bench.a_trip`.

200 JPEGs of 4 MB, half of them of the visit. Afterwards, with other means than the program's own: `sha256sum` over the
share after `untag`, `sha256sum` over the import folder, ExifTool over the tags.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.laptop import ON_VISIT, PRIVATE, Laptop
from tests.servers.openssh import OpenSSH


def main() -> None:
    """Make, sync, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=200)
    options.add_argument("--megabytes", type=float, default=4.0)
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="vpa-trip-"))
    try:
        with OpenSSH() as server:
            trip(Laptop(home / "laptop", server), home, chosen.photos, int(chosen.megabytes * 1e6))
    finally:
        shutil.rmtree(home)


def trip(laptop: Laptop, home: Path, photos: int, size: int) -> None:
    """One run with its judges."""
    for number in range(photos):
        taken = ON_VISIT if number % 2 else PRIVATE
        laptop.photo(f"IMG_{number:04}.jpg", taken + timedelta(seconds=number), size=size, seed=number)
    before = sha256sum(laptop.imports)
    visit = {digest for name, digest in before.items() if int(name[4:8]) % 2}
    started = time.monotonic()
    done = laptop.command("sync", "--json", timeout=600)
    took = time.monotonic() - started
    summary = json.loads(done.stdout.splitlines()[-1])
    restored = home / "restored"
    restored.mkdir()
    for name in laptop.on_share():
        laptop.command("untag", laptop.share / name, "-o", restored / Path(name).name).check_returncode()
    after = sha256sum(laptop.imports)
    tags = exiftool(laptop.share / "visits")
    print(f"sync: exit {done.returncode}, {took:.1f} s, {summary['bytes'] / 1e6 / took:.0f} MB/s from start to end")
    print(f"  {summary['proven']} proven, {summary['removed']} removed, {summary['private']} private")
    print(f"untag + sha256sum: {len(set(sha256sum(restored).values()) & visit)} of {len(visit)} originals on the share")
    left = {name: digest for name, digest in before.items() if digest not in visit}
    print(f"sha256sum of the import folder: {sum(after.get(n) == d for n, d in left.items())} of {len(left)} private "
          f"photos unchanged, {len(after) - len(left)} others there")  # fmt: skip
    print(f"exiftool: {sum(tag.get('Event') == 'Science Museum' for tag in tags)} of {len(tags)} photos name the visit")
    print(f"the record: {len(laptop.command('log', 'show', '--json').stdout.splitlines())} transfers")


def sha256sum(folder: Path) -> dict[str, str]:
    """Name and digest of every file, by coreutils."""
    files = sorted(folder.iterdir())
    told = subprocess.run(["sha256sum", *files], capture_output=True, text=True, check=True).stdout
    return {path.name: line.split()[0] for path, line in zip(files, told.splitlines(), strict=True)}


def exiftool(folder: Path) -> list[dict[str, object]]:
    """What ExifTool reads from every photo under a folder."""
    told = subprocess.run(["exiftool", "-j", "-r", folder], capture_output=True, text=True, check=True).stdout
    tags: list[dict[str, object]] = json.loads(told)
    return tags


if __name__ == "__main__":
    main()
