"""Numbers as people say them: "1 photo", "2 photos"."""


def counted(number: int, noun: str, plural: str | None = None, *, grouped: bool = False) -> str:
    """The number with its noun, in the singular or the plural; `plural` is for a noun that does not just take an s.

    `grouped` writes 12,040 for 12040: where no script looks for the number.
    """
    return f"{number:{',' if grouped else ''}} {noun if number == 1 else plural or noun + 's'}"
