"""Recorded events also reach the school's log servers, and photos never wait for that."""

import json
import time
from pathlib import Path

from agent.pipeline.events import Happened
from tests.laptop import Heard, Laptop
from tests.servers.rsyslog import Rsyslog


def _on_record(laptop: Laptop) -> list[str]:
    return laptop.look(lambda context: [f"{one.device}:{one.event}" for one in context.record.entries()])


def _ids(rsyslog: Rsyslog) -> list[str]:
    entries = [json.loads(line["msg"].removeprefix("\ufeff")) for line in rsyslog.received()]
    return [f"{entry['device']}:{entry['event']}" for entry in entries]


def test_every_entry_of_the_record_comes_to_syslog_and_to_the_file(
    laptop: Laptop, rsyslog: Rsyslog, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    laptop.configure(
        forward={
            "syslog": f"localhost:{rsyslog.port}",
            "ca_file": str(rsyslog.authority.file),
            "ecs_file": str(file),
        }
    )
    for number in range(3):
        laptop.photo(f"IMG_{number:04}.JPG", seed=number)
    assert laptop.run().removed == 3
    wanted = _on_record(laptop)
    rsyslog.wait_for(len(wanted))
    assert _ids(rsyslog) == wanted
    documents = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["event"]["id"] for one in documents] == wanted
    entries = [json.loads(line["msg"].removeprefix("\ufeff")) for line in rsyslog.received()]
    assert [entry["index"] for entry in entries] == list(range(len(wanted)))
    for text in (file.read_text("utf-8"), rsyslog.output.read_text("utf-8")):
        assert "IMG_" not in text
        assert str(laptop.home) not in text


def test_photos_do_not_wait_for_a_log_server_that_is_down(laptop: Laptop, rsyslog: Rsyslog) -> None:
    rsyslog.stop()
    laptop.configure(
        forward={"syslog": f"localhost:{rsyslog.port}", "ca_file": str(rsyslog.authority.file), "ecs_file": "/proc/no"}
    )
    laptop.photo("IMG_0001.JPG")
    heard = Heard()
    summary = laptop.run(heard)
    assert (summary.removed, summary.fault, summary.failed) == (1, None, 0)
    assert not [event for event in heard.events if event.what is Happened.NOTICE]
    rsyslog.start()
    laptop.run()  # nothing new is on record, and what waited is sent
    wanted = _on_record(laptop)
    rsyslog.wait_for(len(wanted))
    assert _ids(rsyslog) == wanted


def test_the_service_forwards_by_itself(laptop: Laptop, rsyslog: Rsyslog) -> None:
    laptop.configure(forward={"syslog": f"localhost:{rsyslog.port}", "ca_file": str(rsyslog.authority.file)})
    laptop.photo("IMG_0001.JPG")
    service = laptop.start("run")
    try:
        deadline = time.monotonic() + 40
        while not any(line["msgid"] == "removed" for line in rsyslog.received()):
            assert time.monotonic() < deadline, "the removal was not forwarded"
            time.sleep(0.1)
    finally:
        service.terminate()
        service.communicate(timeout=20)
    assert service.returncode == 0
    wanted = _on_record(laptop)
    rsyslog.wait_for(len(wanted))  # it writes a moment after it has said that it has them
    assert _ids(rsyslog) == wanted


def test_no_thread_and_no_queue_where_nothing_is_to_be_forwarded(laptop: Laptop) -> None:
    laptop.photo("IMG_0001.JPG")
    assert laptop.run().removed == 1
    assert not (laptop.settings.state_dir / "forward").exists()


def test_status_and_doctor_say_what_waits_since_when_and_why(laptop: Laptop, rsyslog: Rsyslog, tmp_path: Path) -> None:
    assert json.loads(laptop.command("status", "--json").stdout)["forwarding"] == []
    laptop.configure(
        forward={
            "syslog": f"localhost:{rsyslog.port}",
            "ca_file": str(rsyslog.authority.file),
            "ecs_file": str(tmp_path / "events.jsonl"),
        }
    )
    rsyslog.stop()
    laptop.photo("IMG_0001.JPG")
    laptop.run()
    entries = len(_on_record(laptop))
    syslog, file = json.loads(laptop.command("status", "--json").stdout)["forwarding"]
    assert (syslog["receiver"], syslog["waiting"], syslog["last_received"]) == ("syslog", entries, None)
    assert syslog["oldest"] <= syslog["fault_since"]
    assert "did not take the entries" in syslog["fault"]
    assert (file["receiver"], file["waiting"], file["oldest"], file["fault"]) == ("ecs-file", 0, None, None)
    assert file["last_received"] is not None
    told = [line for line in laptop.command("status").stdout.splitlines() if line.startswith("forward")]
    assert f"{entries} wait, the oldest of" in told[0]
    assert "did not take the entries" in told[0]
    assert "nothing waits" in told[1]
    assert _doctor(laptop) == {"forwarding to syslog": "warn", "forwarding to ecs-file": "ok"}

    rsyslog.start()
    laptop.run()
    rsyslog.wait_for(entries)
    syslog, _ = json.loads(laptop.command("status", "--json").stdout)["forwarding"]
    assert (syslog["waiting"], syslog["oldest"], syslog["fault"]) == (0, None, None)
    assert _doctor(laptop) == {"forwarding to syslog": "ok", "forwarding to ecs-file": "ok"}
    assert len(rsyslog.received()) == len(_on_record(laptop)), "doctor sends nothing"


def test_what_is_on_record_and_was_never_queued_waits_too(laptop: Laptop, tmp_path: Path) -> None:
    laptop.photo("IMG_0001.JPG")
    laptop.run()
    laptop.configure(forward={"ecs_file": str(tmp_path / "events.jsonl")})
    (file,) = json.loads(laptop.command("status", "--json").stdout)["forwarding"]
    assert (file["waiting"], file["last_received"]) == (len(_on_record(laptop)), None)
    assert file["oldest"] is not None
    assert not (laptop.settings.state_dir / "forward").exists(), "asking makes nothing"


def _doctor(laptop: Laptop) -> dict[str, str]:
    checks = [json.loads(line) for line in laptop.command("doctor", "--json").stdout.splitlines()]
    return {one["check"]: one["result"] for one in checks if one["check"].startswith("forwarding")}
