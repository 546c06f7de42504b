"""The rules that the staff page and IT's report share exist once, and each adds only its own."""

from pathlib import Path

import pytest

from agent.audit.report.pages import STYLE
from agent.style import SHARED

PAGE = Path(__file__).parents[2] / "agent" / "web" / "static" / "style.css"


def rules(sheet: Path) -> set[str]:
    """The lines with a complete rule outside of media queries."""
    text, _, _ = sheet.read_text("utf-8").partition("\n@media (")
    return {line for line in text.splitlines() if "{" in line and line.endswith("}")}


@pytest.mark.parametrize("sheet", [STYLE, PAGE], ids=["report", "page"])
def test_a_sheet_repeats_no_shared_rule(sheet: Path) -> None:
    assert rules(sheet)
    assert not rules(sheet) & rules(SHARED)
