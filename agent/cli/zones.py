"""A time zone that a person types."""

import click


def known_zone(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The callback of an option: the name itself, if there is such a zone."""
    from agent.settings import checks

    try:
        return None if value is None else checks.zone(value)
    except ValueError as fault:
        raise click.BadParameter(f"There is no time zone {value!r}. Write it like Europe/London.") from fault
