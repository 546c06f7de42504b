"""A time zone that a person types."""

import click


class _Zone(click.ParamType):
    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same name, if there is such a zone."""
        from agent.settings import checks

        try:
            return checks.zone(value)
        except ValueError:
            self.fail(f"There is no time zone {value!r}; write it as in Europe/London.", param, ctx)


ZONE = _Zone()
