"""What a path that a person types must be."""

from pathlib import Path

import click

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
"""It is made, or written anew."""
NEW_FOLDER = click.Path(file_okay=False, path_type=Path)
"""It is made where it is not there yet."""

folder_argument = click.argument("directory", metavar="[DIR]", required=False, type=FOLDER)
