"""agent.toml, read once into frozen `Settings`, which are passed to all code that needs a value.

`find_file` finds the file to use (`sources`: the machine's file, and the keys it locks), `load` reads it and reports
all faults at once, `new_file` writes a new one for `init`, and `json_schema` describes it to editors and to IT's tools.
The keys, their meaning and their limits are defined once, in `tables` and `tables_for_it`: the checks, the schema and
the comments in a written file all come from there.
"""

from agent.settings.absent import settings_for_nobody
from agent.settings.places import config_folder, state_folder
from agent.settings.purging import purge
from agent.settings.reading import load, parse
from agent.settings.sources import find_file
from agent.settings.tables import Device, Folders, RegisterSettings, RemovalSettings, Settings, ShareSettings
from agent.settings.writing import json_schema, new_file

__all__ = [
    "Device",
    "Folders",
    "RegisterSettings",
    "RemovalSettings",
    "Settings",
    "ShareSettings",
    "config_folder",
    "find_file",
    "json_schema",
    "load",
    "new_file",
    "parse",
    "purge",
    "settings_for_nobody",
    "state_folder",
]
