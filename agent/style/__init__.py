"""The style sheet that the staff page and IT's report share; the sheet of each is added after it."""

from pathlib import Path

SHARED = Path(__file__).parent / "shared.css"
"""The shared sheet: colours, type, cards, tables and charts."""
