"""What a server can and cannot do beyond what it says when it greets, found out once per connection (`tryout`)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Manners:
    """To begin with, those of OpenSSH's own server. What is found to be otherwise later is changed here, for all files.

    `said` has the server's own words for what it refused, for `doctor` and for IT.
    """

    plain_names: bool = False  # names that begin with a full stop or end in .part are refused
    fsync: bool = True  # a file that is open for writing can be put on disk
    fsync_reader: bool = True  # so can one that is open for reading
    behind: bool = True  # a file gives back what was written while it is still open
    one_open: bool = False  # only one file may be open at a time
    links: bool = True  # a hard link can be made
    renames: bool = True  # a file can be renamed
    removes: bool = True  # a file can be removed
    locked: bool = False  # a new file cannot be read for some seconds: a virus scanner has it
    sizes: bool = True  # says how large a file is
    types: bool = True  # says what is a file, a folder and a link
    owners: bool = True  # says whose a file is
    tried: bool = False  # whether any of this was tried, or is known of this server
    said: dict[str, str] = field(default_factory=dict)
