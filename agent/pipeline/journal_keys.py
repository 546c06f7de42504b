"""The names of the single facts that the journal keeps beside the photos."""

LAST_REACHED = "share last reached"
"""When a login on the share last went well, as ISO 8601."""

GROUNDS = "decided on the grounds of"
"""What the photos here were last decided by, all of them, beside what they are themselves: `Context.grounds`."""

IN_VAIN = "sent in vain"
"""How often each transfer came whole and could not be proven, and when it may be tried again, as JSON by transfer."""

CLOCK_SEEN = "newest time"
"""What this laptop's clock showed when a run last began or ended, as ISO 8601."""

CLOCK_AHEAD = "clock ahead of the share"
"""By how many seconds the laptop's clock was ahead of the share's when they last differed; absent where they agree."""

SHARE_TROUBLE = "share trouble"
"""Why the share cannot be used, since when, and whether its identity has changed; absent if it can be used.

As JSON: `[5, "why", "2026-03-14T17:02:00+00:00", false]`.
"""

DAMAGED = "damaged photos"
"""How many damaged photos were sent, and when the last was, as JSON: `[3, "2026-03-14T17:02:00+00:00"]`."""

HALF_SENT = "half sent"
"""Which transfers may have left files on the share, as JSON: by transfer its folder, its number of files, and their
final names, each with the SHA-256 and size of what would be there."""

HEARTBEAT = "last heartbeat"
"""The day, in UTC, of the record's last heartbeat."""

KEPT_PRIVATE = "kept private"
"""How many photos a person said are private on days that the record was not told of yet, as JSON by day."""

PUBLISHED = "published"
"""The last checkpoint, as it is signed, up to which the share has the record. With a name behind it: of the record that
this laptop had under that name."""

LINKED = "linked"
"""With a name that this laptop had before: up to which entry its record under that name is linked to the present."""

UNPUBLISHED = "not published"
"""Why the record could not be signed or published last time; absent where it could."""

REGISTER_ON_RECORD = "register on record"
"""The version of the register that the record's last "register-changed" tells of."""

REGISTER_REFUSAL = "register refused"
"""Why the register that was fetched last is not believed; absent where it is."""

PAUSED_UNTIL = "paused until"
"""Until when the service does nothing by itself, as a person asked."""

NOTICES_SAID = "notices said"
"""On which occasion (a day, a time) each kind of notice was last shown on the desktop, as JSON by kind."""

EVENTS_LOGGED = "events logged"
"""On which occasion each kind of entry was last put into the system's event log, as JSON by kind."""

CARDS_ALWAYS = "cards always"
"""Of which cards somebody said "always", as JSON: by a hash of the card, who said it and the hashes of its mark."""

CARD = "card "
"""With an id behind it: a card that is in, or was taken out too soon, as JSON (pipeline/cards.py)."""
