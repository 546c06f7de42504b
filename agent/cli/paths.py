"""The kinds of paths that a person types. An empty one, as from a variable that is not set, is refused."""

import os
from pathlib import Path
from typing import Any

import click


class _Path(click.Path):
    def convert(self, value: "str | os.PathLike[str]", param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As click does it, but an empty path is refused: click would take it for the current folder."""
        if not os.fspath(value):
            self.fail("The name is empty.", param, ctx)
        if self.exists:
            try:
                Path(os.fsdecode(value)).stat()
            except PermissionError:  # click would say that it does not exist
                self.fail(f"{os.fsdecode(value)} is in a folder that you may not look into.", param, ctx)
            except (OSError, ValueError):
                pass  # click finds the words
        return super().convert(value, param, ctx)


ANY = _Path(path_type=Path)
THERE = _Path(exists=True, path_type=Path)
FILE = _Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = _Path(exists=True, file_okay=False, path_type=Path)
NEW_FILE = _Path(dir_okay=False, path_type=Path)
"""It is made, or overwritten."""
NEW_FOLDER = _Path(file_okay=False, path_type=Path)
"""It is made if it does not exist yet."""

folder_argument = click.argument("directory", metavar="[DIR]", required=False, type=FOLDER)
