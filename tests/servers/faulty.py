"""A proxy around the SFTP subsystem that goes wrong in one chosen place: the n-th write, read, fsync, close, rename, …

sshd starts it as `Subsystem sftp python3 faulty.py PLAN`; it starts OpenSSH's sftp-server behind itself. PLAN is a file
of JSON, read when a session begins and again whenever it was replaced, so that a test can change it at any time:

`{"step": "write", "n": 1, "how": "corrupt", "hide": ["fsync@openssh.com"], "log": "…"}`

- `refuse`: answered with FAILURE, not done.   - `refuse-done`: done, but answered with FAILURE.
- `refuse-missing`: answered with NO_SUCH_FILE, not done.
- `full`: answered as OpenSSH answers on a full disk, and statvfs then tells of no room.
- `confirm`: answered with OK, not done.       - `drop`: the connection ends there.
- `corrupt`: one bit of a write's or read's data is flipped.   - `truncate`: half of it is left out.
- `extend`: a write's or read's data has a byte too many.
- `delay`: done a little later.                - `stall`: nothing is answered any more.
- `pretend`: a link or rename is answered with OK and not done, and a stranger's file of equal size has the new name.
- `endless`: a READDIR is answered with names, always others, and never ends; `repeat`: with the same ones;
  `empty`: with no name, and never ends.
- `refuse-folders`: each fsync of a folder is answered with FAILURE, as on a file system that syncs no folders.
- `swap`: before it is done, the folder of its path (of a handle: of the file last opened) is put aside and a link to
  `trap` (of the plan) put in its place.

`n` counts from 1 within a session and a plan; with `about`, only steps whose path contains it count. `log` gets a line
per step, so that a test knows how often each occurs.
Run with `python3 -I -S`: nothing but the standard library.
"""

import json
import os
import struct
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

SUBSYSTEM = "/usr/lib/openssh/sftp-server"
STEPS = {3: "open", 4: "close", 5: "read", 6: "write", 7: "lstat", 11: "opendir", 12: "readdir", 13: "remove"}
STEPS |= {14: "mkdir", 17: "stat", 18: "rename"}
OF_HANDLES = {"close", "read", "write", "readdir", "fsync"}
EXTENSIONS = {b"fsync@openssh.com": "fsync", b"hardlink@openssh.com": "link", b"statvfs@openssh.com": "statvfs"}
VERSION, STATUS, HANDLE, DATA, NAME, EXTENDED_REPLY = 2, 101, 102, 103, 104, 201
STRANGE = b"a stranger's file. "


def packets(stream):
    """Whole packets, without their lengths, until the stream ends."""
    while len(head := stream.read(4)) == 4:
        (length,) = struct.unpack(">I", head)
        packet = stream.read(length)
        if len(packet) < length:
            return
        yield packet


def framed(packet):
    return struct.pack(">I", len(packet)) + packet


def string(packet, at):
    (length,) = struct.unpack_from(">I", packet, at)
    return packet[at + 4 : at + 4 + length], at + 4 + length


def name_of(packet):
    """Which step a request is."""
    if packet[0] == 200:
        return EXTENSIONS.get(string(packet, 5)[0], "other")
    return STEPS.get(packet[0], "other")


def paths_of(packet):
    """The paths that a request names."""
    if packet[0] == 200:
        name, at = string(packet, 5)
        if EXTENSIONS.get(name) != "link":
            return []
        old, at = string(packet, at)
        return [old, string(packet, at)[0]]
    if packet[0] not in STEPS or STEPS[packet[0]] in OF_HANDLES:
        return []
    first, at = string(packet, 5)
    return [first, string(packet, at)[0]] if packet[0] == 18 else [first]


def handle_of(packet):
    """The handle that an extended request names."""
    return string(packet, string(packet, 5)[1])[0]


def status(number, code):
    return struct.pack(">BII", STATUS, number, code) + struct.pack(">I", 0) * 2


class Proxy:
    def __init__(self, plan_file):
        self.plan_file, self.plan_seen = plan_file, None
        self.look_at_plan()
        self.server = subprocess.Popen([SUBSYSTEM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bent = set()  # numbers of requests whose replies are to be changed
        self.opened = b""  # the path of the file last opened
        self.opening, self.folders = set(), set()  # the numbers of requests that open folders; the folders' handles
        self.lock = threading.Lock()

    def look_at_plan(self):
        seen = self.plan_file.stat()
        if self.plan_seen == (seen.st_ino, seen.st_mtime_ns):
            return
        self.plan_seen = (seen.st_ino, seen.st_mtime_ns)
        plan = json.loads(self.plan_file.read_text("utf-8"))
        self.step, self.n, self.how = plan.get("step"), plan.get("n", 1), plan.get("how")
        self.hide = [name.encode() for name in plan.get("hide", [])]
        self.about, self.trap = plan.get("about", "").encode(), plan.get("trap")
        self.log = Path(plan["log"]) if plan.get("log") else None
        self.counts, self.done = {}, set()
        self.full = False

    def answer(self, packet):
        with self.lock:
            sys.stdout.buffer.write(framed(packet))
            sys.stdout.buffer.flush()

    def forward(self, packet):
        self.server.stdin.write(framed(packet))
        self.server.stdin.flush()

    def requests(self):
        for packet in packets(sys.stdin.buffer):
            self.look_at_plan()
            step = name_of(packet) if packet[0] != 1 else "init"
            if step == "open":
                self.opened = paths_of(packet)[0]
                if Path(os.fsdecode(self.opened)).is_dir():
                    self.opening.add(self.number(packet))
            if step in OF_HANDLES or self.about in b" ".join(paths_of(packet)):
                self.counts[step] = self.counts.get(step, 0) + 1
            if self.log:
                with self.log.open("a", encoding="ascii") as log:
                    log.write(step + "\n")
            if step == self.step and self.how in {"endless", "repeat", "empty"}:
                self.list_on(packet)
            elif step == self.step and self.counts.get(step) == self.n and self.n not in self.done:
                self.done.add(self.n)
                self.go_wrong(packet)
            elif step == "fsync" and self.how == "refuse-folders" and handle_of(packet) in self.folders:
                self.answer(status(self.number(packet), 4))
            elif step == "statvfs" and self.full:
                self.answer(struct.pack(">BI", EXTENDED_REPLY, self.number(packet)) + struct.pack(">11Q", *[0] * 11))
            else:
                self.forward(packet)
        self.server.stdin.close()

    @staticmethod
    def number(packet):
        return struct.unpack_from(">I", packet, 1)[0]

    def go_wrong(self, packet):
        number, how = self.number(packet), self.how
        if how in {"refuse", "full"}:
            self.full = how == "full"
            self.answer(status(number, 4))
        elif how == "refuse-missing":
            self.answer(status(number, 2))
        elif how == "confirm":
            self.answer(status(number, 0))
        elif how == "pretend":
            old, new = (Path(os.fsdecode(path)) for path in paths_of(packet))
            size = old.stat().st_size
            with new.open("xb") as file:
                file.write((STRANGE * (size // len(STRANGE) + 1))[:size])
            self.answer(status(number, 0))
        elif how == "swap":
            folder = Path(os.fsdecode((paths_of(packet) or [self.opened])[-1])).parent
            folder.rename(folder.with_name(folder.name + ".aside"))
            folder.symlink_to(self.trap)
            self.forward(packet)
        elif how == "drop":
            os._exit(1)
        elif how == "stall":
            while sys.stdin.buffer.read(65536):  # to the end of the session, and no longer
                pass
        elif how == "delay":
            time.sleep(0.05)
            self.forward(packet)
        elif packet[0] == 6:
            self.forward(self.bend_write(packet))
        else:
            self.bent.add(number)
            self.forward(packet)

    def list_on(self, packet):
        """One more answer to READDIR."""
        number = self.counts["readdir"] if self.how == "endless" else 0
        names = [] if self.how == "empty" else [b"%d-%d" % (number, n) for n in range(100)]
        entries = b"".join(framed(name) + framed(b"") + struct.pack(">I", 0) for name in names)
        self.answer(struct.pack(">BII", NAME, self.number(packet), len(names)) + entries)

    def bend_write(self, packet):
        _, at = string(packet, 5)
        data, _ = string(packet, at + 8)
        return packet[: at + 8] + self.bend(data)

    def bend(self, data):
        """The data with its length, damaged."""
        if self.how == "truncate":
            data = data[: len(data) // 2]
        elif self.how == "extend":
            data += b"!"
        elif data:
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return framed(data)

    def replies(self):
        for packet in packets(self.server.stdout):
            self.answer(self.bend_reply(packet))
        os._exit(0)

    def bend_reply(self, packet):
        if packet[0] == VERSION:
            return self.without_hidden(packet)
        if packet[0] == HANDLE:  # a server gives the same handle again after a close
            of_folder = self.number(packet) in self.opening
            (self.folders.add if of_folder else self.folders.discard)(string(packet, 5)[0])
        if self.number(packet) not in self.bent:
            return packet
        self.bent.discard(self.number(packet))
        if self.how == "refuse-done":
            return status(self.number(packet), 4)
        return packet[:5] + self.bend(string(packet, 5)[0]) if packet[0] == DATA else packet

    def without_hidden(self, packet):
        kept, at = packet[:5], 5
        while at < len(packet):
            name, after = string(packet, at)
            _, end = string(packet, after)
            if name not in self.hide:
                kept += packet[at:end]
            at = end
        return kept


if __name__ == "__main__":
    proxy = Proxy(Path(sys.argv[1]))
    threading.Thread(target=proxy.replies).start()
    try:
        proxy.requests()
    finally:
        if sys.exc_info()[0] is not None:  # a fault of its own ends the session at once: nobody is to wait for it
            traceback.print_exc()
            os._exit(1)
