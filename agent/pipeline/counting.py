"""Numbers as people say them: "1 photo", "2 photos"."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """The number with its noun, in the singular or the plural; `plural` is for a noun that does not just take an s."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
