"""The staff page: which photos wait, which need a person, and which were sent. Only this laptop's browser can show it.

A small process that the user starts (`photo-agent open`). It listens on loopback and admits only callers with a valid
token (`access`). It does no work itself: a person's requests go into the journal, and the service, or a `sync` if no
service runs, acts on them. Each page is built by one module (`now`, `review`, `visits`, `history`) from what `pipeline`
gathers. The words are in the templates. `assembly` puts the pages into one application.
"""

from agent.web.opening import Page, open_page
from agent.web.server import serve

__all__ = ["Page", "open_page", "serve"]
