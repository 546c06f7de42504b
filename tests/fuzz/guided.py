"""Coverage-guided fuzzing of the readers and the judge: `python -m tests.fuzz.guided [CORPUS…] -max_total_time=600`.

Needs atheris (`pip install atheris`; Linux and macOS), which is no dependency of this project. Options with one dash
are libFuzzer's. In this process and without the worker's limits, so that a crash shows its traceback.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import atheris  # type: ignore[import-not-found,unused-ignore]  # installed for this alone

with atheris.instrument_imports(include=["agent.capture"]):
    from agent.capture import read
    from agent.capture.companions import read_companions
    from agent.capture.reading import gather

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def main() -> None:
    """Hand everything to libFuzzer; it ends with the first exception."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        photo = Path(folder) / "photo.jpg"
        sidecars = [Path(folder) / f"photo.{ending}" for ending in ("xmp", "aae")]

        def one(content: bytes) -> None:
            photo.write_bytes(content)
            read(photo, now=NOW)
            if content[:1] == b"<":
                for sidecar in sidecars:
                    sidecar.write_bytes(content)
                read_companions(sidecars, gather)

        atheris.Setup(sys.argv, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
