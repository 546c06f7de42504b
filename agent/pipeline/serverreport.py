"""A report on the share's server, as one page of plain text that IT can put into a ticket. It names no photo."""

from agent import __version__
from agent.errors import AgentError
from agent.pipeline.context import Context


def report(context: Context) -> str:
    """Connect, test the server with a small file, and describe the results, including failures."""
    where = context.settings.share
    lines = [
        "SFTP server report",
        f"made {context.clock():%d %b %Y %H:%M} UTC by photo-agent {__version__} on {context.settings.device.name}",
        f"server: {where.host}, port {where.port}, user {where.user}, folder {where.path}",
        "",
    ]
    try:
        with context.connect() as share:
            try:
                share.try_out()
            except AgentError as fault:
                lines += [f"A small test file failed: {fault}", ""]
            else:
                lines += ["A small test file was written, read back, named and removed.", ""]
            lines += [f"{what}: {how}" for what, how in share.abilities().details]
            free = share.space().free
            lines.append(f"free: {'not known, the server does not say' if free is None else f'{free} bytes'}")
    except AgentError as fault:
        lines.append(f"No connection: {fault}")
    return "\n".join(lines) + "\n"
