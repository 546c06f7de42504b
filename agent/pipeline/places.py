"""Where this laptop's lock, journal, record, register and log key are, as the settings say. Nothing is opened here."""

from pathlib import Path

from agent.record.keys import KeyPlace, system_ring
from agent.settings import Settings

LOG_KEY = "log_ed25519"
"""The log key's file, beside the SSH key, where no keyring keeps it."""


def lock_file(settings: Settings) -> Path:
    """The file that the one writer on this laptop holds a lock on."""
    return settings.state_dir / "agent.lock"


def inspection_lock(settings: Settings) -> Path:
    """The file that an inspection holds a lock on while it goes on."""
    return settings.state_dir / "inspection.lock"


def journal_file(settings: Settings) -> Path:
    """Where the journal lies."""
    return settings.state_dir / "journal.sqlite3"


def record_folder(settings: Settings) -> Path:
    """Where the record lies."""
    return settings.state_dir / "record"


def register_folder(settings: Settings) -> Path:
    """Where the last good register lies."""
    return settings.state_dir / "register"


def log_key(settings: Settings, device: str | None = None) -> KeyPlace:
    """Where this laptop's log key is; or the one it signed with when it was called `device`."""
    return KeyPlace(settings.key_file.with_name(LOG_KEY), device or settings.device.name, system_ring())
