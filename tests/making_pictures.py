"""Makes the pictures of the staff page and of IT's report from the demo's data: `python -m tests.making_pictures`.

With `--all FOLDER` it makes one of every state of the page instead, wide and narrow, light and dark, for whoever looks
after its design. With `--questions FOLDER` it makes ten: each shows the page that answers a question people ask.
"""

import argparse
import io
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from agent.demo.story import play, report
from agent.settings import Settings, load
from agent.web import open_page, serve
from tests.integration.page.conftest import started_browser
from tests.integration.page.states import STATES
from tests.integration.page.ten_questions import QUESTIONS

PICTURES = Path(__file__).parents[1] / "install" / "guides" / "pictures"
IN_THE_README = {"now": "staff-page-now.png", "review": "staff-page-review.png"}
OF_THE_REPORT = "report.png"
WIDTH, HEIGHT = 1180, 900


@contextmanager
def opened_page(settings: Settings, file: Path) -> Iterator[tuple[Any, str]]:
    """A tab that was let in, and the address that all places of the page begin with."""
    stopping = threading.Event()
    serving = threading.Thread(target=serve, args=(settings, file, stopping))
    try:
        with started_browser() as browser:
            tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            tab.goto(open_page(settings, serving.start).url)
            yield tab, "/".join(tab.url.split("/")[:4])
    finally:
        stopping.set()
        serving.join()


def picture_of_the_report(page: Path) -> None:
    """The first page of IT's report."""
    with started_browser() as browser:
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        tab.goto(page.as_uri())
        picture(tab, PICTURES / OF_THE_REPORT)


def picture(tab: Any, file: Path, *, whole: bool = False) -> None:
    """A picture of the tab, with few enough colours for a repository."""
    tab.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    tab.wait_for_load_state("networkidle")
    shot = Image.open(io.BytesIO(tab.screenshot(full_page=whole)))
    shot.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(file, optimize=True)


def main() -> None:
    """Make them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--all", type=Path, metavar="FOLDER")
    asked.add_argument("--questions", type=Path, metavar="FOLDER")
    wanted = asked.parse_args()
    folder: Path | None = wanted.all
    with tempfile.TemporaryDirectory(prefix="photo-agent-pictures-") as scratch:
        play(Path(scratch))
        file = Path(scratch) / "laptop" / "agent.toml"
        settings = load(file)
        if folder is None:
            picture_of_the_report(report(Path(scratch)))
        with opened_page(settings, file) as (tab, root):
            if wanted.questions is not None:
                wanted.questions.mkdir(parents=True, exist_ok=True)
                _questions(settings, tab, root, wanted.questions)
                return
            for name, state in STATES.items():
                if folder is None and name not in IN_THE_README:
                    continue
                with state.brought_about(settings):
                    tab.goto(f"{root}/{state.place}")
                    state.then(tab)
                    if folder is None:
                        PICTURES.mkdir(parents=True, exist_ok=True)
                        picture(tab, PICTURES / IN_THE_README[name])
                    else:
                        folder.mkdir(parents=True, exist_ok=True)
                        _every_way(tab, folder, re.sub(r"[^a-z]+", "-", name))
                    for undo in tab.get_by_role("button", name="Undo").all()[:1]:
                        undo.click()


def _questions(settings: Settings, tab: Any, root: str, folder: Path) -> None:
    for number, (question, asked) in enumerate(QUESTIONS.items(), 1):
        with asked.state.brought_about(settings):
            tab.goto(f"{root}/{asked.state.place}")
            asked.state.then(tab)
            picture(tab, folder / f"{number:02}-{question.replace(' ', '-')}.png", whole=True)
            for undo in tab.get_by_role("button", name=re.compile("^Undo")).all()[:1]:
                undo.click()


def _every_way(tab: Any, folder: Path, name: str) -> None:
    for scheme, width in (("light", WIDTH), ("light", 400), ("dark", WIDTH)):
        tab.emulate_media(color_scheme=scheme)
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        picture(tab, folder / f"{name}-{width}-{scheme}.png", whole=True)
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": WIDTH, "height": HEIGHT})


if __name__ == "__main__":
    main()
