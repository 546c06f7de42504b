#!/usr/bin/python3 -I
"""Hands every visit's folder on the photo share to root, and moves everything that is not a folder out of the way.

    keep_share.py [--all] [DIR]        (default /srv/photo-share; run as root)

A device makes `visits/<visit>/` itself, so it would own the folder and control every name in it. If the folder belongs
to root and has the sticky bit, any device can add files to it, but no device can remove, list or read another's files.
In visits' folders whose names changed in the last two days (with --all: in all of them), files are closed to other
devices and opened to the staff's group, whatever mode a client asked for.

This runs as root among names that devices can swap at any moment, so it never changes an owner or a mode by name: it
opens each folder and file without following a link, checks it, and changes it by that handle. A link, or a file in the
place of a folder, is renamed into DIR/set-aside (root only) and never deleted; root's own files stay. The paths above
the visits belong to root, as set by make-share.sh. Run by make-share.sh's systemd units, or by cron.

It needs only Python 3.6 or newer, which servers have.
"""

import contextlib
import errno
import fcntl
import grp
import os
import stat
import string
import sys
import time

VISIT = 0o3753  # new names get the staff's group; only a name's owner may remove it; devices may not list
RECENT = 2 * 24 * 3600  # seconds
PASSES = 20  # passes over the folder while it keeps changing; the next change starts this program again
PLAIN = frozenset(string.ascii_letters + string.digits + "._-")
TRIES = 5  # tries for one name that is swapped while we look at it
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unfit(Exception):
    """The share differs from what make-share.sh makes."""


class Keeper:
    """The open folders of one share, and whether something could not be fixed."""

    def __init__(self, root: str, everything: bool) -> None:
        self.everything = everything
        self.staff = group("photo-share")
        top = owned_by_root(root, None)
        photos = owned_by_root("photos", top)
        self.visits = owned_by_root("visits", photos)
        self.aside_path = os.path.join(root, "set-aside")
        self.aside = private_folder("set-aside", top)
        self.set_aside_so_far = 0
        self.failed = False
        fcntl.flock(self.visits, fcntl.LOCK_EX)  # devices cannot list the folder, so they cannot hold this lock

    def keep(self) -> None:
        """Go through the folder until it no longer changes in between."""
        for attempt in range(PASSES):
            before = os.fstat(self.visits).st_mtime_ns
            for name in os.listdir(self.visits):
                self.guarded(self.visit, name)
            if os.fstat(self.visits).st_mtime_ns == before:
                return
            time.sleep(min(0.05 * attempt, 1))

    def guarded(self, work: object, *about: object) -> None:
        """Do `work` for one name. A fault stops only that name."""
        for _ in range(TRIES):
            try:
                work(*about)  # type: ignore[operator]
            except FileNotFoundError:
                return  # its device has removed it in the meantime
            except OSError as fault:
                if fault.errno not in (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO):
                    self.complain("%s: %s" % (shown(about[-1]), fault.strerror))
                    return
                # It has changed since the last look: look again.
            else:
                return
        self.complain("%s keeps being changed by its device" % shown(about[-1]))

    def visit(self, name: str) -> None:
        """Handle one name in `visits/`."""
        seen = os.stat(name, dir_fd=self.visits, follow_symlinks=False)
        if not stat.S_ISDIR(seen.st_mode):
            # A device tests the share with a small file of its own, whose name begins with a full stop.
            if not (stat.S_ISREG(seen.st_mode) and name.startswith(".")):
                self.set_aside(self.visits, name, seen)
            return
        folder = os.open(name, FOLDER, dir_fd=self.visits)
        try:
            about = os.fstat(folder)
            new = (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) != (0, self.staff, VISIT)
            if new:
                # First the owner: from here on, the device that made it has no power over other devices' names.
                os.fchown(folder, 0, self.staff)
                os.fchmod(folder, VISIT)
            if new or self.everything or time.time() - about.st_mtime < RECENT:
                for file in os.listdir(folder):
                    self.guarded(self.file, folder, file)
        finally:
            os.close(folder)

    def file(self, folder: int, name: str) -> None:
        """Handle one name in a visit's folder: staff can read it, other devices cannot."""
        seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(seen.st_mode):
            return  # no program looks into it
        if not stat.S_ISREG(seen.st_mode):
            self.set_aside(folder, name, seen)
            return
        # A file with several names is just getting its final name, or is a link to an unknown file. Leave it for now.
        if seen.st_nlink != 1 or (seen.st_gid == self.staff and closed(seen.st_mode) == stat.S_IMODE(seen.st_mode)):
            return
        opened = os.open(name, FILE, dir_fd=folder)
        try:
            about = os.fstat(opened)
            if stat.S_ISREG(about.st_mode) and about.st_nlink == 1:
                os.fchmod(opened, closed(about.st_mode) & ~0o070)
                os.fchown(opened, -1, self.staff)
                os.fchmod(opened, closed(about.st_mode))
        finally:
            os.close(opened)

    def set_aside(self, folder: int, name: str, seen: os.stat_result) -> None:
        """Move a thing that is not a folder or a photo away; a rename does not follow links or change owners."""
        if seen.st_uid == 0:
            return
        self.set_aside_so_far += 1
        plain = "".join(one if one in PLAIN else "_" for one in name)[:100]
        aside_name = "%s-%d-%d-%s" % (time.strftime("%Y%m%d-%H%M%S"), os.getpid(), self.set_aside_so_far, plain)
        os.rename(name, aside_name, src_dir_fd=folder, dst_dir_fd=self.aside)
        moved = os.stat(aside_name, dir_fd=self.aside, follow_symlinks=False)
        if stat.S_ISDIR(moved.st_mode):
            self.put_back(folder, name, aside_name)
            return
        kind = "a symbolic link" if stat.S_ISLNK(moved.st_mode) else "not a folder"
        print("%s was %s, made by user %d: moved to %s" % (shown(name), kind, moved.st_uid, self.aside_path))

    def put_back(self, folder: int, name: str, aside_name: str) -> None:
        """Move a folder back, because a device made a real folder there between the look and the renaming."""
        for _ in range(TRIES):
            try:
                os.rename(aside_name, name, src_dir_fd=self.aside, dst_dir_fd=folder)
            except OSError as fault:
                if fault.errno not in (errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY):
                    raise
            else:
                return
            self.set_aside_so_far += 1
            other = "%s-%d" % (aside_name, self.set_aside_so_far)
            try:
                os.rename(name, other, src_dir_fd=folder, dst_dir_fd=self.aside)
            except FileNotFoundError:
                continue
        self.complain("%s kept being swapped; the folder is now %s/%s" % (shown(name), self.aside_path, aside_name))

    def complain(self, text: str) -> None:
        """Print what could not be fixed."""
        self.failed = True
        print(text, file=sys.stderr)


def closed(mode: int) -> int:
    """A photo's mode: no set-id bit, readable by its device and by staff, and closed to all others."""
    return (stat.S_IMODE(mode) | 0o440) & 0o660


def group(name: str) -> int:
    """A group's number."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise Unfit("there is no group %s: run make-share.sh first" % name) from None


def owned_by_root(name: str, above: "int | None") -> int:
    """A handle on a folder in which only root can change names, or whose sticky bit protects other users' names."""
    try:
        folder = os.open(name, FOLDER, dir_fd=above)
    except OSError as fault:
        raise Unfit("%s is not a folder that can be used: %s" % (shown(name), fault.strerror)) from None
    about = os.fstat(folder)
    if about.st_uid != 0 or (about.st_mode & 0o022 and not about.st_mode & stat.S_ISVTX):
        raise Unfit("users other than root can change %s: run make-share.sh" % shown(name))
    return folder


def private_folder(name: str, above: int) -> int:
    """A handle on a folder that only root may open; it is made if it is missing."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    folder = owned_by_root(name, above)
    os.fchmod(folder, 0o700)
    return folder


def shown(name: object) -> str:
    """A name that a device chose, fit for a terminal and a log."""
    return ascii(str(name))


def main(arguments: list) -> int:
    """Exit code 0: everything is in order; 1: something could not be fixed; 2: not the share, or not root."""
    everything = "--all" in arguments
    places = [one for one in arguments if one != "--all"]
    if len(places) > 1 or any(one.startswith("-") for one in places):
        print(__doc__)
        return 2
    if os.geteuid() != 0:
        print("This changes owners: run it with sudo.", file=sys.stderr)
        return 2
    os.umask(0o077)
    try:
        keeper = Keeper(os.path.abspath(places[0] if places else "/srv/photo-share"), everything)
        keeper.keep()
    except Unfit as fault:
        print(fault, file=sys.stderr)
        return 2
    return 1 if keeper.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
