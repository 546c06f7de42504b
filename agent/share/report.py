"""What a server can do, as lines for IT: what it said in its greeting, and what trying it out has shown. Pure."""

from agent.share import wire
from agent.share.manners import Manners
from agent.share.session import Session

_TRIED = (
    # attribute, question, consequence if the answer is no
    ("fsync", "confirms that a file is on its disk", "photos are sent and proven, but not removed from the laptop"),
    ("behind", "returns written bytes while the file is still open", "photos are read back after they are closed"),
    ("links", "makes hard links", "photos are named by renaming"),
    ("renames", "renames files", "photos are named by hard links"),
    ("removes", "removes this device's own temporary files", "a few small test files stay in the visits' folders"),
    ("sizes", "says how large a file is", "each photo is read twice"),
    ("types", "says whether a name is a file, a folder or a link", "links are not seen, and each photo is read twice"),
    ("owners", "says who owns a folder", "a stranger's folder is not noticed"),
)
_FOUND = (
    ("plain_names", "refuses hidden files or the suffix .part", "temporary files are called uploading-….jpg"),
    ("one_open", "allows one open file at a time", "photos are sent one after the other"),
    ("copies", "makes copies instead of hard links, as far as can be seen", "each photo is read twice"),
    ("locked", "locks new files for some seconds", "each photo waits until it can be read"),
)


def lines(session: Session, manners: Manners) -> tuple[tuple[str, str], ...]:
    """Pairs of a question and its answer."""
    limits = session.limits
    found = [
        ("software", session.software.removeprefix("SSH-2.0-")),
        ("connected by", session.pipe.maker),
        ("extensions", ", ".join(sorted(session.extensions)) or "none"),
        (
            "limits",
            f"packet {limits.packet}, read {limits.read}, write {limits.write} bytes; {limits.handles} open files"
            if session.offers(wire.LIMITS)
            else "not known: the server does not say",
        ),
    ]
    if not manners.tried:
        return (*found, ("tried", "no"))
    for name, what, otherwise in _TRIED:
        fine = getattr(manners, name)
        found.append((what, "yes" if fine else f"no{_said(manners, name)}: {otherwise}"))
    found += [(what, f"yes{_said(manners, name)}: {so}") for name, what, so in _FOUND if getattr(manners, name)]
    return tuple(found)


def _said(manners: Manners, name: str) -> str:
    return f" (it says “{manners.said[name]}”)" if name in manners.said else ""
