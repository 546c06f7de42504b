"""What a path that a person types must be. An empty one, as of a variable that is not set, is none: not this folder."""

import os
from pathlib import Path
from typing import Any

import click


class _Path(click.Path):
    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does."""
        if not os.fspath(value):
            self.fail("No name was given.", param, ctx)
        return super().convert(value, param, ctx)


ANY = _Path(path_type=Path)
THERE = _Path(exists=True, path_type=Path)
FILE = _Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = _Path(exists=True, file_okay=False, path_type=Path)
NEW_FILE = _Path(dir_okay=False, path_type=Path)
"""It is made, or written anew."""
NEW_FOLDER = _Path(file_okay=False, path_type=Path)
"""It is made where it is not there yet."""

folder_argument = click.argument("directory", metavar="[DIR]", required=False, type=FOLDER)
