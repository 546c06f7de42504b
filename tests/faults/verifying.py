"""IT's verifier, asked as IT asks it: `photo-agent log verify`, in this process."""

import contextlib
import io
from pathlib import Path

from agent.cli import cli


def said_by(config: Path, *words: str | Path) -> tuple[int, str]:
    """The exit code of `photo-agent WORDS`, and what it put out."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        code = cli.main(["--config", str(config), *map(str, words)], prog_name="photo-agent", standalone_mode=False)
    return (code if isinstance(code, int) else 0), out.getvalue()


def enrolled_keys(config: Path, into: Path) -> Path:
    """A file as IT keeps it, with this laptop's log key."""
    code, line = said_by(config, "log", "key")
    assert code == 0, line
    into.write_text(line, "ascii")
    return into


def verify_own(config: Path, keys: Path) -> tuple[int, str]:
    """Verify the laptop's own record."""
    return said_by(config, "log", "verify", "--key", keys)


def verify_share(config: Path, keys: Path, share: Path) -> tuple[int, str]:
    """Verify the copies on the share."""
    return said_by(config, "log", "verify", share, "--key", keys)
