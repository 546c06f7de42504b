"""A canary: private photos with a name, a folder and a camera that occur nowhere else; and then everything is searched.

Every command is run, by itself and while the service runs, over private photos and doubtful ones. What is private must
be in no file of the agent's, on no page of the log and nowhere on the share; what is doubtful in the journal alone.
"""

import io
import json
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import piexif
import pytest
from PIL import Image

from agent.audit.index import open_store
from agent.notices import LogEvent
from agent.pipeline.journal_keys import SHARE_TROUBLE
from agent.supervisor import RunLogged
from tests.laptop import ON_VISIT, PRIVATE, Laptop
from tests.servers.rsyslog import Rsyslog

PRIVATE_WORD = "Zyzzyva"
DOUBTFUL_WORD = "Quokka"
VISIT_WORD = "Hoatzin"
"""In the name, the folder and the texts of a photo that is of the visit: only the photo itself may carry it away."""

FAR = ((12, 34, 56), (65, 43, 21))
LONDON = ((51, 29, 52), (0, 10, 28))
PLACES = ("12.582", "65.722", "51.497", "0.1744", "12; 34", "12, 34", "34, 56", "29, 52", "34/1", "29/1")
"""How these may be written: 12° 34' 56" N, 65° 43' 21" E, of the private ones; 51° 29' 52" N, 0° 10' 28" E."""

TIME = re.compile(r"\d\d:\d\d:\d\d(?:[.,]\d+)?|datetime\.datetime\([^()]*")
"""A time of day with its fraction of a second: some of them contain the digits of a place."""
BYTES_OF_TIME = re.compile(TIME.pattern.encode())


def telling(word: str, taken: datetime | None, place: tuple[tuple[int, ...], ...] = FAR) -> bytes:
    """A JPEG that carries the word in every text that a camera or a person may have put in, and a place."""
    out = io.BytesIO()
    text = word.encode()
    make = b"Canon" if place is LONDON else text  # of a photo that is sent it becomes part of the name on the share
    title = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- {word} --></x:xmpmeta>'.encode()
    dated = {} if taken is None else {piexif.ExifIFD.DateTimeOriginal: f"{taken:%Y:%m:%d %H:%M:%S}".encode()}
    exif = piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: make, piexif.ImageIFD.Model: make, piexif.ImageIFD.ImageDescription: text},
            "Exif": {
                **dated,
                piexif.ExifIFD.BodySerialNumber: text,
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: b"N",
                piexif.GPSIFD.GPSLatitude: tuple((part, 1) for part in place[0]),
                piexif.GPSIFD.GPSLongitudeRef: b"E",
                piexif.GPSIFD.GPSLongitude: tuple((part, 1) for part in place[1]),
            },
        }
    )
    Image.new("RGB", (32, 32), (1, 2, 3)).save(out, "JPEG", exif=exif, comment=text, xmp=title)
    return out.getvalue()


@pytest.fixture
def canaries(laptop: Laptop) -> Laptop:
    """The laptop with many private photos (so that the journal's pages split), some doubtful and one of the visit."""
    for n in range(60):
        laptop.file(f"{PRIVATE_WORD} at home/{PRIVATE_WORD} {n} {'x' * (n * 3)}.jpg", telling(PRIVATE_WORD, PRIVATE))
    laptop.file(f"{PRIVATE_WORD}.mov", b"no clip at all")
    laptop.file(f"{PRIVATE_WORD}.jpg", b"")
    (laptop.imports / f"{PRIVATE_WORD}.jpg").unlink()
    laptop.file(f"{DOUBTFUL_WORD}/{DOUBTFUL_WORD}.jpg", telling(DOUBTFUL_WORD, None))
    laptop.file(f"{DOUBTFUL_WORD}.jpg", b"")
    laptop.photo("IMG_1.jpg")
    return laptop


def files_with(word: str, folder: Path) -> list[str]:
    """Files whose name or content has the word, in bytes or as UTF-16, apart from times."""
    needles = (word.encode(), word.encode("utf-16-le"), word.lower().encode())

    def has(path: Path) -> bool:
        content = BYTES_OF_TIME.sub(b"", path.read_bytes())
        return any(needle in content for needle in needles)

    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if word in str(path.relative_to(folder)) or (path.is_file() and has(path))
    ]


def test_nothing_private_is_in_any_file_log_or_share(canaries: Laptop) -> None:
    said = [
        canaries.command(*words)
        for words in (
            ["sync", "--json"],
            ["sync", "--dry-run"],
            ["status"],
            ["review", "list", "--json"],
            ["visits", "list"],
            ["log", "show", "--json"],
            ["doctor", "--json"],
        )
    ]
    assert [PRIVATE_WORD in one.stdout + one.stderr for one in said] == [False] * len(said)
    assert not [one.stderr for one in said if DOUBTFUL_WORD in one.stderr]
    assert files_with(PRIVATE_WORD, canaries.home / "state") == []
    assert files_with(PRIVATE_WORD, canaries.share) == []
    assert files_with(DOUBTFUL_WORD, canaries.share) == []
    assert {name.partition("/")[0] for name in files_with(DOUBTFUL_WORD, canaries.home / "state")} <= {
        "journal.sqlite3",
        "journal.sqlite3-wal",
    }

    held = [json.loads(line)["id"] for line in canaries.command("review", "list", "--json").stdout.splitlines()]
    for one in held:
        assert canaries.command("review", "private", one).returncode == 0
    assert canaries.command("sync").returncode == 0
    assert files_with(DOUBTFUL_WORD, canaries.home / "state") == []


def test_nothing_private_is_in_a_report_its_manifests_or_metrics_or_the_event_log(
    canaries: Laptop, tmp_path: Path
) -> None:
    canaries.file(f"{VISIT_WORD}/{VISIT_WORD}.jpg", telling(VISIT_WORD, ON_VISIT, LONDON))
    assert canaries.command("sync").returncode == 4
    (tmp_path / "keys").write_text(canaries.command("log", "key").stdout)
    out = tmp_path / "report"
    made = canaries.command("report", canaries.share, "--keys", tmp_path / "keys", "--out", out, "--mhl")
    assert made.returncode == 0, made.stderr
    assert {"index.html", "photo-agent.prom", "index.json", "index.csv"} <= {one.name for one in out.iterdir()}
    assert list(out.glob("mhl/museum/ascmhl/*.mhl"))
    assert "Science Museum" in (out / "visits" / "museum.html").read_text("utf-8")
    for word in (PRIVATE_WORD, DOUBTFUL_WORD, VISIT_WORD, "Camera Imports", str(canaries.home), *PLACES[:4]):
        assert files_with(word, out) == [], word
        assert word not in made.stdout

    class Log:
        def write(self, event: LogEvent, text: str) -> None:
            written.append(text)

    written: list[str] = []
    trouble = json.dumps([6, f"{PRIVATE_WORD} was refused", "2026-03-14T10:00:00+00:00", False])
    canaries.look(lambda context: context.journal.set_fact(SHARE_TROUBLE, trouble))
    canaries.look(lambda context: RunLogged(context, Log()).after_run())
    assert written
    assert not [text for text in written if PRIVATE_WORD in text or DOUBTFUL_WORD in text or "museum" in text]


def test_nothing_private_is_in_the_service_log_or_its_files_while_it_runs(canaries: Laptop) -> None:
    canaries.configure(folders={"settle_seconds": 0.5})
    log = canaries.home / "service.log"
    with log.open("w") as stderr:
        service = canaries.start("run", stderr=stderr)
    try:
        deadline = time.monotonic() + 60
        while (canaries.imports / "IMG_1.jpg").exists():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        while files_with(PRIVATE_WORD, canaries.home / "state"):  # cleared up a moment after the run
            assert time.monotonic() < deadline, files_with(PRIVATE_WORD, canaries.home / "state")
            time.sleep(0.1)
        card = canaries.imports / f"{PRIVATE_WORD} at home"
        followed = canaries.command("sync", "--json", card)
        assert followed.returncode == 4, followed.stderr
        assert PRIVATE_WORD not in followed.stdout
        while files_with(PRIVATE_WORD, canaries.home / "state"):  # cleared up a moment after the answer
            assert time.monotonic() < deadline, files_with(PRIVATE_WORD, canaries.home / "state")
            time.sleep(0.1)
    finally:
        service.terminate()
        service.communicate(timeout=20)
    assert PRIVATE_WORD not in log.read_text()
    assert DOUBTFUL_WORD not in log.read_text()
    assert "was removed from its folder" in log.read_text(), "the log does say what was done"


@pytest.fixture
def told_everywhere(canaries: Laptop, rsyslog: Rsyslog, tmp_path: Path) -> Laptop:
    """The laptop with a telling photo of the visit, too, and all receivers of entries that there are."""
    canaries.file(f"{DOUBTFUL_WORD}/{DOUBTFUL_WORD}.jpg", telling(DOUBTFUL_WORD, None, LONDON))
    canaries.file(f"{VISIT_WORD}/{VISIT_WORD}.jpg", telling(VISIT_WORD, ON_VISIT, LONDON))
    forward = {"syslog": f"localhost:{rsyslog.port}", "ca_file": str(rsyslog.authority.file)}
    canaries.configure(forward=forward | {"ecs_file": str(tmp_path / "events.jsonl")})
    return canaries


def test_no_name_place_or_title_is_in_record_reports_logs_or_syslog(
    told_everywhere: Laptop, rsyslog: Rsyslog, tmp_path: Path
) -> None:
    laptop, keys = told_everywhere, tmp_path / "keys"
    said = [laptop.command("sync", "--json")]
    assert json.loads(said[0].stdout.splitlines()[-1])["removed"] == 2
    for one in map(json.loads, laptop.command("review", "list", "--json").stdout.splitlines()):
        words = ["private", one["id"]]
        if f"{DOUBTFUL_WORD}/{DOUBTFUL_WORD}.jpg" in one["file"]:
            words = ["assign", one["id"], "museum"]
        assert laptop.command("review", *words).returncode == 0
    said.append(laptop.command("sync"))
    keys.write_text(laptop.command("log", "key").stdout)
    for words in (
        *[["log", "show", form] for form in ("--json", "--csv", "--ecs")],
        *[["log", "show", "--kind", kind, "--json"] for kind in ("review-resolved", "heartbeat", "removed")],
        ["log", "show", "--share"],
        ["log", "visit", "museum", "--json"],
        ["log", "verify"],
        ["log", "verify", "--share", "--json"],
        ["witness", "--share", "--keys", keys, "--state", tmp_path / "witness", "--json"],
        ["witness", laptop.share, "--keys", keys, "--state", tmp_path / "witness"],
        ["index", laptop.share, "--to", tmp_path / "index", "--keys", keys, "--show", "visits"],
        ["doctor"],
        ["config", "show"],
    ):
        said.append(laptop.command(*words))
        assert said[-1].stdout
    entries = laptop.look(lambda context: len(context.record))
    rsyslog.wait_for(entries)

    texts = [one.stdout + one.stderr for one in said]
    for folder in (laptop.share / "record", laptop.home / "state" / "record", laptop.home / "state" / "forward"):
        texts += [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    texts += [rsyslog.output.read_text("utf-8"), (tmp_path / "events.jsonl").read_text("utf-8")]
    texts += [path.read_bytes().decode("latin-1") for path in (tmp_path / "witness").rglob("*") if path.is_file()]
    assert len(texts[-1]) > 50
    index = open_store(str(tmp_path / "index"), "school")
    tables = [
        " ".join(str(cell) for row in index.ask(f"SELECT * FROM {name}").rows for cell in row)
        for name in index.tables()
    ]
    assert all(laptop.settings.device.name in table for table in tables)
    texts = [TIME.sub("", text) for text in (*texts, *tables)]
    for needle in (PRIVATE_WORD, DOUBTFUL_WORD, VISIT_WORD, *PLACES):
        assert not [text for text in texts if needle.lower() in text.lower()], needle
    on_share = laptop.on_share()
    assert not [name for name in on_share if {PRIVATE_WORD, DOUBTFUL_WORD, VISIT_WORD} & set(name.split("/"))]
    assert not [name for name, content in on_share.items() if PRIVATE_WORD.encode() in content]
    assert len([name for name, content in on_share.items() if VISIT_WORD.encode() in content]) == 1, "the photo itself"


CRASHING = """
import sys, threading
from pathlib import Path
from agent.pipeline import receivers
from agent.cli import main

def broken(stages, roots):
    (private, *_) = roots[0].rglob("Zyzzyva*.jpg")
    try:
        (private / "x").read_bytes()
    except OSError as fault:
        raise ExceptionGroup(str(private), [ValueError(str(private)), fault]) from fault

def in_a_thread(stages, roots):
    thread = threading.Thread(target=broken, args=(stages, roots))
    thread.start()
    thread.join()
    return broken(stages, roots)

def put_away(stages, roots):
    class Closing:
        def __del__(self):
            broken(stages, roots)
    Closing()
    return broken(stages, roots)

how = globals()[sys.argv[1]]
receivers.after_run = lambda stages: how(stages, stages.settings.watch)  # beyond every boundary of a run
main(sys.argv[2:])
"""


@pytest.mark.parametrize("how", ["broken", "in_a_thread", "put_away"])
@pytest.mark.parametrize("words", [["sync"], ["sync", "--json"]])
def test_a_crash_says_where_it_happened_and_names_no_file(canaries: Laptop, how: str, words: list[str]) -> None:
    crashed = subprocess.run(
        [sys.executable, "-c", CRASHING, how, "--config", canaries.config, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=canaries.environment,
    )
    assert crashed.returncode == 1
    assert "to IT" in crashed.stderr
    assert "agent/pipeline/run.py" in crashed.stderr
    assert "ExceptionGroup" in crashed.stderr
    assert "NotADirectoryError, error 20" in crashed.stderr
    assert PRIVATE_WORD not in crashed.stdout + crashed.stderr.replace(str(canaries.home), "")
