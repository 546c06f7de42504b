"""What a server can and cannot do beyond what its greeting says, found out once per connection (`tryout`)."""

from dataclasses import dataclass, field

from agent.share.faults import Refused
from agent.share.wire import Code


@dataclass(slots=True)
class Manners:
    """Initially those of OpenSSH's own server. If a difference is found later, it is changed here, for all files.

    `said` has the server's own words for what it refused, for `doctor` and for IT.
    """

    plain_names: bool = False  # names that begin with a full stop or end in .part are refused
    fsync: bool = True  # a file that is open for writing can be synced to disk
    behind: bool = True  # written bytes can be read while the file is still open
    one_open: bool = False  # only one file may be open at a time
    links: bool = True  # a hard link can be made
    copies: bool = False  # what it calls a hard link is a copy, which has to be read too
    renames: bool = True  # a file can be renamed
    removes: bool = True  # a file can be removed
    locked: bool = False  # a new file cannot be read for some seconds: a virus scanner holds it
    sizes: bool = True  # says how large a file is
    types: bool = True  # says whether a name is a file, a folder or a link
    owners: bool = True  # says who owns a file
    tried: bool = False  # whether any of this was tried, or is known of this server
    said: dict[str, str] = field(default_factory=dict)

    def cannot(self, what: str, refused: Refused) -> None:
        """The server refused this; from now on photos are sent without it."""
        setattr(self, what, False)
        self.in_its_words(what, refused)

    def in_its_words(self, what: str, refused: Refused) -> None:
        """Keep what the server said about it."""
        self.said[what] = refused.message or f"code {refused.code}"

    def did_not_remove(self, refused: Refused) -> None:
        """If it removes nothing at all, files are renamed: a hard link would leave a temporary name beside each photo.

        A disk that cannot be written to for a while answers with another code.
        """
        if refused.code == Code.PERMISSION_DENIED:
            self.cannot("removes", refused)
            self.links = self.links and not self.renames
