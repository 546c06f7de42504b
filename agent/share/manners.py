"""What a server can and cannot do beyond what its greeting says, found out once per connection (`tryout`)."""

from dataclasses import dataclass, field


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
