"""Settings for a command that does not need any, on a laptop that has none yet."""

from pathlib import Path

from agent.settings.tables import Device, Folders, Settings, ShareSettings


def settings_for_nobody(state_dir: Path) -> Settings:
    """Settings without a share, a register or a user. The journal is in `state_dir`, which the caller removes again."""
    return Settings(
        device=Device(staff="nobody", timezone="UTC", name="laptop", state_dir=str(state_dir)),
        folders=Folders(watch=(str(state_dir),)),
        share=ShareSettings(host="none.invalid", user="nobody"),
    )
