"""An SFTP server that answers otherwise than OpenSSH, as servers in schools do: `quirky.py PORT ROOT HOSTKEY QUIRK,…`.

Its own small SFTP 3 over a real folder, behind paramiko's SSH; listens on loopback and lets any key in. Quirks:

- `ext=fsync+hardlink`: extensions that it offers; `extfail=fsync`: offered, and refused with `extcode`; `badsyncs=N`:
  the first N times that a file is to be synced, that fails; `lostsync=TEXT`: so does the first sync of each file that
  has TEXT in its name, and the next says that all is well, as Linux does; `deny=TEXT`: such a file cannot be looked at
- `maxsess=N`: a further session is a failed login; `maxopen=N`: so many files open at a time
- `missing=CODE`, `exists=CODE`: what it says where nothing, or something, is
- `notypebits`, `nosize`, `noowner`, `noperm`: what its attributes leave out
- `nodot`, `nopart`: names that it refuses; `locked=SECONDS`: a new file cannot be read so long
- `moveaway`: a new file is moved when it is closed; `takeaway=SECONDS`: a visit's, so long after it got its last name
- `fixedsize`: a handle sees what was there when it was opened
- `norename`, `noremove`, `nolist`, `nostat`: what it denies or does not know
- `renameover`: a rename replaces what is there; `linklie`: a hard link is said to be made, and is not
- `linkcopy=BYTES`: a hard link is a copy, and that of a file of more bytes has one changed
- `quotaclose=BYTES`: a larger file is cut when it is closed, with `quotacode` and no words
- `roundsize`: sizes are those of whole blocks
- `emptydata`: the end of a file is a DATA without bytes; `readcap=BYTES`: it reads less than is asked
- `readonlysync`: fsync only of files open for writing, as on Windows
- `quota=BYTES`: it takes so many bytes in all; `free=BLOCKS`: what statvfs tells, of 4,096 bytes
- `damage=BYTES`: files of more bytes than that have one changed
"""

import errno
import os
import socket
import stat
import struct
import sys
import threading
import time
from pathlib import Path

import paramiko

OK, EOF, MISSING, DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8
HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 102, 103, 104, 105, 201


class Quirks(dict):
    @classmethod
    def of(cls, text):
        return cls(part.partition("=")[::2] for part in text.split(",") if part)

    def number(self, name, default):
        return int(self.get(name) or default)

    @property
    def extensions(self):
        return [name for name in self.get("ext", "").split("+") if name]


class Door(paramiko.ServerInterface):
    def __init__(self, house):
        self.house = house

    def check_auth_publickey(self, username, key):
        refused = self.house.full() or username == "nobody-here"
        return paramiko.AUTH_FAILED if refused else paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username):
        return "publickey"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel, name):
        threading.Thread(target=self.house.serve, args=(channel,), daemon=True).start()
        return True


class House:
    """What all sessions share."""

    def __init__(self, root, quirks):
        self.root, self.quirks = root, quirks
        self.sessions, self.written, self.syncs, self.lock = 0, 0, 0, threading.Lock()
        self.synced = set()  # the files that were to be synced

    def full(self):
        return "maxsess" in self.quirks and self.sessions >= self.quirks.number("maxsess", 1)

    def serve(self, channel):
        with self.lock:
            self.sessions += 1
        try:
            Session(self, channel).serve()
        except (EOFError, OSError):
            pass
        finally:
            with self.lock:
                self.sessions -= 1
            channel.get_transport().close()


def string(value):
    return struct.pack(">I", len(value)) + value


class Session:
    def __init__(self, house, channel):
        self.house, self.quirks, self.channel = house, house.quirks, channel
        self.buffer, self.handles, self.count = b"", {}, 0
        self.packet, self.at, self.number = b"", 0, 0

    # --- packets -----------------------------------------------------------------------------------------------------

    def exactly(self, size):
        while len(self.buffer) < size:
            piece = self.channel.recv(65536)
            if not piece:
                raise EOFError
            self.buffer += piece
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def receive(self):
        self.packet, self.at = self.exactly(*struct.unpack(">I", self.exactly(4))), 5
        self.number = struct.unpack_from(">I", self.packet, 1)[0]
        return self.packet[0]

    def take(self, form):
        values = struct.unpack_from(form, self.packet, self.at)
        self.at += struct.calcsize(form)
        return values

    def take_string(self):
        (size,) = self.take(">I")
        self.at += size
        return self.packet[self.at - size : self.at]

    def take_path(self):
        return self.house.root / os.fsdecode(self.take_string()).strip("/")

    def send(self, kind, body):
        self.channel.sendall(struct.pack(">IBI", len(body) + 5, kind, self.number) + body)

    def status(self, code, message=""):
        self.send(101, struct.pack(">I", code) + string(message.encode()) + string(b""))

    def attributes(self, about):
        flags, body = 0, b""
        if "nosize" not in self.quirks:
            block = 4096 if "roundsize" in self.quirks else 1
            flags, body = flags | 1, body + struct.pack(">Q", -(-about.st_size // block) * block)
        if "noowner" not in self.quirks:
            flags, body = flags | 2, body + struct.pack(">II", about.st_uid, about.st_gid)
        if "noperm" not in self.quirks:
            mode = about.st_mode & (0o7777 if "notypebits" in self.quirks else 0o177777)
            flags, body = flags | 4, body + struct.pack(">I", mode)
        return struct.pack(">I", flags | 8) + body + struct.pack(">II", int(about.st_atime), int(about.st_mtime))

    # --- answers -----------------------------------------------------------------------------------------------------

    def serve(self):
        self.exactly(*struct.unpack(">I", self.exactly(4)))
        offered = b"".join(string(f"{name}@openssh.com".encode()) + string(b"1") for name in self.quirks.extensions)
        body = struct.pack(">I", 3) + offered
        self.channel.sendall(struct.pack(">IB", len(body) + 1, 2) + body)
        answers = {3: self.open, 4: self.close, 5: self.read, 6: self.write, 7: self.look, 8: self.look_at_handle}
        answers |= {11: self.open_folder, 12: self.list, 13: self.remove, 14: self.make_folder, 17: self.look}
        answers |= {18: self.rename, 200: self.extended}
        while True:
            kind = self.receive()
            try:
                answers.get(kind, lambda: self.status(UNSUPPORTED))()
            except FileNotFoundError:
                self.status(self.quirks.number("missing", MISSING))
            except FileExistsError:
                self.status(self.quirks.number("exists", FAILURE))
            except PermissionError:
                self.status(DENIED)
            except OSError as error:
                self.status(FAILURE, os.strerror(error.errno or 0))

    def keep(self, what):
        self.count += 1
        handle = b"%d" % self.count
        self.handles[handle] = what
        self.send(HANDLE, string(handle))

    def refusal(self, path, flags):
        """The reason why a file may not be opened."""
        quirks = self.quirks
        if "nodot" in quirks and path.name.startswith("."):
            return DENIED, "hidden files are not allowed"
        if "nopart" in quirks and path.name.endswith(".part"):
            return DENIED, "file type banned"
        if "maxopen" in quirks and len(self.handles) >= quirks.number("maxopen", 1):
            return FAILURE, "too many open files"
        if path.is_dir():
            return FAILURE, "is a directory"
        if "locked" in quirks and not flags & 2 and time.time() - path.stat().st_mtime < float(quirks["locked"]):
            return FAILURE, "The process cannot access the file because it is being used by another process."
        return None

    def open(self):
        path, (flags,) = self.take_path(), self.take(">I")
        if refused := self.refusal(path, flags):
            return self.status(*refused)
        how = {1: os.O_RDONLY, 2: os.O_WRONLY, 3: os.O_RDWR}[flags & 3]
        how |= os.O_CREAT * bool(flags & 8) | os.O_TRUNC * bool(flags & 16) | os.O_EXCL * bool(flags & 32)
        file = os.open(path, how, 0o644)
        return self.keep((file, path, flags, os.fstat(file).st_size))

    def close(self):
        file, path, flags, _ = self.handles.pop(self.take_string())
        if isinstance(file, int):
            most = self.quirks.number("quotaclose", 0)
            if most and flags & 2 and os.fstat(file).st_size > most:
                os.truncate(path, most)
                os.close(file)
                return self.status(self.quirks.number("quotacode", FAILURE))
            os.close(file)
            if "moveaway" in self.quirks and flags & 2:
                (self.house.root / "processed").mkdir(exist_ok=True)
                path.rename(self.house.root / "processed" / path.name)
        return self.status(OK)

    def read(self):
        file, _, _, size = self.handles[self.take_string()]
        offset, length = self.take(">QI")
        if "readcap" in self.quirks:
            length = min(length, self.quirks.number("readcap", length))
        if "fixedsize" in self.quirks:
            length = max(0, min(length, size - offset))
        data = os.pread(file, length, offset)
        if data or "emptydata" in self.quirks:
            return self.send(DATA, string(data))
        return self.status(EOF)

    def write(self):
        file, _, _, _ = self.handles[self.take_string()]
        (offset,) = self.take(">Q")
        data = self.take_string()
        self.house.written += len(data)
        print("written", len(data), flush=True)
        if "quota" in self.quirks and self.house.written > self.quirks.number("quota", 0):
            return self.status(FAILURE)
        if "damage" in self.quirks and offset >= self.quirks.number("damage", 0):
            data = bytes([data[0] ^ 1]) + data[1:]
        os.pwrite(file, data, offset)
        return self.status(OK)

    def look(self):
        path = self.take_path()
        if self.quirks.get("deny", "\0") in path.name:
            return self.status(FAILURE)
        if "nostat" in self.quirks and self.packet[0] == 7:
            return self.status(UNSUPPORTED)
        return self.send(ATTRS, self.attributes(path.lstat() if self.packet[0] == 7 else path.stat()))

    def look_at_handle(self):
        self.send(ATTRS, self.attributes(os.fstat(self.handles[self.take_string()][0])))

    def open_folder(self):
        path = self.take_path()
        if "nolist" in self.quirks:
            return self.status(DENIED)
        return self.keep((list(path.iterdir()), path, 0, 0))

    def list(self):
        left = self.handles[self.take_string()][0]
        if not left:
            return self.status(EOF)
        some, left[:20] = left[:20], []
        body = struct.pack(">I", len(some))
        for path in some:
            about = path.lstat()
            line = f"{stat.filemode(about.st_mode)} 1 u g {about.st_size} Jan 1 2026 {path.name}"
            body += string(path.name.encode()) + string(line.encode()) + self.attributes(about)
        return self.send(NAME, body)

    def remove(self):
        path = self.take_path()
        if "noremove" in self.quirks:
            return self.status(DENIED)
        path.unlink()
        return self.status(OK)

    def make_folder(self):
        self.take_path().mkdir()
        self.status(OK)

    def rename(self):
        old, new = self.take_path(), self.take_path()
        if "norename" in self.quirks:
            return self.status(DENIED, "renaming is not allowed here")
        if "renameover" not in self.quirks and new.exists():
            raise FileExistsError(errno.EEXIST, "")
        old.rename(new)
        self.take_away(new)
        return self.status(OK)

    def take_away(self, named):
        if "takeaway" in self.quirks and "visits" in named.parts:
            quarantine = self.house.root / "processed"
            quarantine.mkdir(exist_ok=True)
            threading.Timer(self.quirks.number("takeaway", 0), named.rename, [quarantine / named.name]).start()

    def copy(self, old, new):
        content = bytearray(old.read_bytes())
        if len(content) > self.quirks.number("linkcopy", 1 << 40):
            content[len(content) // 3] ^= 1
        with new.open("xb") as file:
            file.write(content)

    def extended(self):
        name = self.take_string().decode().removesuffix("@openssh.com")
        if name not in self.quirks.extensions or self.quirks.get("extfail") == name:
            self.status(self.quirks.number("extcode", UNSUPPORTED))
        elif name == "fsync":
            file, path, flags, _ = self.handles[self.take_string()]
            if "readonlysync" in self.quirks and not flags & 2:
                raise PermissionError
            self.house.syncs += 1
            if self.house.syncs <= self.quirks.number("badsyncs", 0):
                raise OSError(errno.EIO, "")
            inode = os.fstat(file).st_ino
            first = inode not in self.house.synced
            self.house.synced.add(inode)
            if first and self.quirks.get("lostsync", "\0") in path.name:
                raise OSError(errno.EIO, "")
            os.fsync(file)
            self.status(OK)
        elif name == "hardlink":
            old, new = self.take_path(), self.take_path()
            if "linkcopy" in self.quirks:
                self.copy(old, new)
            elif "linklie" not in self.quirks:
                os.link(old, new)
                self.take_away(new)
            self.status(OK)
        elif name == "statvfs":
            free = self.quirks.number("free", 1 << 20)
            self.send(EXTENDED_REPLY, struct.pack(">11Q", 4096, 4096, free, free, free, 10, 10, 10, 0, 0, 255))
        else:
            self.status(UNSUPPORTED)


def main(port, root, host_key, quirks=""):
    house, key = House(Path(root), Quirks.of(quirks)), paramiko.Ed25519Key.from_private_key_file(host_key)
    with socket.create_server(("127.0.0.1", int(port))) as listening:
        while True:
            connection, _ = listening.accept()
            transport = paramiko.Transport(connection)
            transport.daemon = True
            transport.add_server_key(key)
            threading.Thread(target=begin, args=(transport, house), daemon=True).start()


def begin(transport, house):
    try:
        transport.start_server(server=Door(house))
    except (paramiko.SSHException, EOFError):
        transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
