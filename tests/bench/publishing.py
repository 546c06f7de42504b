"""What publishing the record adds to a sync of 500 photos on the 40 ms link: `python -m tests.bench.publishing`."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from agent.pipeline.context import open_context
from agent.pipeline.lock import only_writer
from agent.pipeline.publish import Publishing
from agent.pipeline.run import Run
from agent.settings import load
from tests.bench.servers import LINKS, BenchServer
from tests.laptop import ON_VISIT, Laptop

(HOME,) = (link for link in LINKS if link.name == "home")


def main() -> None:
    """Make the photos, run, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--photos", type=int, default=500)
    options.add_argument("--megabytes", type=float, default=4.0)
    options.add_argument("--inner", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.inner is not None:
        inner(chosen.inner)
        return
    if reason := HOME.why_not():
        sys.exit(f"not measured: {reason}")
    home = Path(tempfile.mkdtemp(prefix="vpa-publishing-"))
    HOME.start()
    try:
        with BenchServer(HOME, chrooted=False) as server:
            laptop = Laptop(home / "laptop", server)
            for number in range(chosen.photos):
                taken = ON_VISIT + timedelta(seconds=number)
                laptop.photo(f"IMG_{number:04}.jpg", taken, size=int(chosen.megabytes * 1e6), seed=number)
            command = [sys.executable, "-m", "tests.bench.publishing", "--inner", laptop.config]
            done = subprocess.run([*HOME.before, *command], capture_output=True, text=True, check=True)
            told = json.loads(done.stdout.splitlines()[-1])
    finally:
        HOME.end()
        shutil.rmtree(home)
    share = (told["signing"] + told["sending"]) / told["photos"]
    print(
        f"{chosen.photos} photos of {chosen.megabytes:g} MB on {HOME.words}: {told['photos']:.1f} s, {told['removed']} "
        f"removed; {told['entries']} entries: signed in {told['signing']:.2f} s, published in {told['sending']:.2f} s, "
        f"{share:.1%} more"
    )


def inner(config: Path) -> None:
    """At the client's end: the run's two halves, timed."""
    settings = load(config)
    with only_writer(settings), open_context(settings) as context:
        run = Run(context, settings.watch)
        started = time.perf_counter()
        run._take_the_photos_on()
        photos = time.perf_counter() - started
        publishing = Publishing(context, run._notice)
        publishing.seal()
        signing = time.perf_counter() - started - photos
        publishing.send(run._connection.made)
        sending = time.perf_counter() - started - photos - signing
        assert run._share is not None
        run._share.close()
        told = {
            "photos": photos,
            "signing": signing,
            "sending": sending,
            "removed": run.summary.removed,
            "entries": len(context.record),
        }
        print(json.dumps(told))


if __name__ == "__main__":
    main()
