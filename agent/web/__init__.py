"""The staff page: what waits, what needs a person, and what became of the photos, in the browser of this laptop alone.

A small process that the user starts (`photo-agent open`); it listens on loopback and lets in only who has the token
that it was started with (`access`). It does no work itself: what a person asks for goes into the journal, and the
service, or a `sync` where none runs, sees to it. Each page is built by one module (`now`, `review`, `visits`,
`history`), from what `pipeline` gathers; the words are in the templates.
"""

from agent.web.opening import Page, open_page
from agent.web.server import serve

__all__ = ["Page", "open_page", "serve"]
