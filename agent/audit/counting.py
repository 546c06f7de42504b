"""Numbers as people say them: "1 entry", "1,204 entries"."""


def counted(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun, in the singular or the plural; `many` is for a noun that does not just take an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def counted_entries(number: int) -> str:
    """So many entries of a record, without separators, because a script may look for the number."""
    return f"{number} {'entry' if number == 1 else 'entries'}"
