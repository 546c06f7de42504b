"""Whether one of IT's paths is on the share: every laptop's account might read what is written there."""

from pathlib import Path

from agent.errors import UsageError


def is_on_share(share: Path, path: Path) -> bool:
    """Whether `path`, which need not exist, is `share` or below it; `share` may also be its record/, or a folder in
    that.

    Links in either are followed.
    """
    here, tops = path.resolve(), [share.resolve()]
    tops += [one for one in tops[0].parents[:2] if (one / "record").is_dir() and (one / "visits").is_dir()]
    return any(here.is_relative_to(top) for top in tops)


def keep_off(share: Path | None, path: Path | None, what: str) -> None:
    """UsageError if `what` would be written on the share."""
    if share is not None and path is not None and is_on_share(share, path):
        raise UsageError(
            f"{what} must not be on the share, where others can read it: {path} is inside it. Name a place outside it."
        )
