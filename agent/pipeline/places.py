"""The places of this laptop's lock, journal, record, register and log key, by the settings. Opens nothing."""

from pathlib import Path

from agent.record.keys import KeyPlace, system_ring
from agent.settings import Settings

LOG_KEY = "log_ed25519"
"""The log key's file, beside the SSH key, if the key is not in a keyring."""


def lock_file(settings: Settings) -> Path:
    """The lock file of the one writer on this laptop."""
    return settings.state_dir / "agent.lock"


def inspection_lock(settings: Settings) -> Path:
    """The lock file of a running inspection."""
    return settings.state_dir / "inspection.lock"


def journal_file(settings: Settings) -> Path:
    """The journal's file."""
    return settings.state_dir / "journal.sqlite3"


def record_folder(settings: Settings) -> Path:
    """The record's folder."""
    return settings.state_dir / "record"


def register_folder(settings: Settings) -> Path:
    """The place of the last good register."""
    return settings.state_dir / "register"


def log_key(settings: Settings, device: str | None = None) -> KeyPlace:
    """The place of this laptop's log key, or of the key with which it signed under the name `device`."""
    return KeyPlace(settings.key_file.with_name(LOG_KEY), device or settings.device.name, system_ring())
