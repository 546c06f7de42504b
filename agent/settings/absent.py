"""Settings for a command that needs none, on a laptop that has none yet."""

from pathlib import Path

from agent.settings.tables import Device, Folders, Settings, ShareSettings


def settings_for_nobody(state_dir: Path) -> Settings:
    """No share, no register, nobody: with the journal in `state_dir`, which the caller removes again."""
    return Settings(
        device=Device(staff="nobody", timezone="UTC", name="laptop", state_dir=str(state_dir)),
        folders=Folders(watch=(str(state_dir),)),
        share=ShareSettings(host="none.invalid", user="nobody"),
    )
