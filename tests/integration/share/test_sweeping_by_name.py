"""Files that an interrupted transfer left on a share whose folders cannot be listed."""

import shutil
from datetime import UTC, datetime

from agent.model.ids import TransferId
from agent.share import HalfSent, open_share
from agent.share.names import temporary_name
from agent.share.pool import LARGE
from tests.integration.share.opening import server_of
from tests.servers.fixtures import chrooted_sshd  # noqa: F401
from tests.servers.openssh import OpenSSH


def test_what_is_known_by_name_is_swept_where_no_list_is_to_be_had(chrooted_sshd: OpenSSH) -> None:  # noqa: F811
    """As on a school's share, where a device may write into a visit's folder but not list it."""
    cut, large, other = (TransferId(letter * 32) for letter in "abc")
    folder = chrooted_sshd.disk / "visits" / "museum"
    folder.mkdir(parents=True)
    record = chrooted_sshd.disk / "record"
    (record / "laptop-17").mkdir(parents=True)
    for transfer, size in ((cut, 10), (large, LARGE), (other, 10)):
        with (folder / temporary_name("laptop-17", transfer, 1)).open("wb") as file:
            file.truncate(size)
    (record / "laptop-17" / temporary_name("laptop-17", cut, 0)).touch()
    for path in (chrooted_sshd.disk, folder.parent, folder, record, record / "laptop-17"):
        shutil.chown(path, chrooted_sshd.user)
    for path in folder.iterdir():
        shutil.chown(path, chrooted_sshd.user)
    for path in (folder.parent, folder, record):
        path.chmod(0o311)
    known = [HalfSent("visits/museum", one, 2) for one in (cut, large)] + [HalfSent("visits/gone", other, 2)]
    with open_share(server_of(chrooted_sshd), clock=lambda: datetime.now(UTC)) as share:
        assert share.sweep([large]) == 1, "its own record it may list, and finds by name"
        assert share.sweep([large], known) == 1
        assert share.sweep([], known) == 1
    assert [path.name for path in folder.iterdir()] == [temporary_name("laptop-17", other, 1)]
