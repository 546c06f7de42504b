"""The names of the facts that the journal stores besides the photos."""

LAST_REACHED = "share last reached"
"""When this laptop last logged in to the share, as ISO 8601."""

GROUNDS = "decided on the grounds of"
"""The grounds on which all photos here were last decided, apart from the photos themselves: `Context.grounds`."""

IN_VAIN = "sent in vain"
"""How often each transfer was complete but could not be proven, and when it may be tried again, as JSON by transfer."""

CLOCK_SEEN = "newest time"
"""What this laptop's clock showed when a run last began or ended, as ISO 8601."""

CLOCK_DOUBTED = "clock doubted until"
"""What this laptop's clock showed before it leapt back, as ISO 8601; absent once it shows that again, or the share has
said what time it is.
"""

CLOCK_AHEAD = "clock ahead of the share"
"""By how many seconds the laptop's clock was ahead of the share's when they last differed; absent if they agree."""

CLOCK_WAS_BEHIND = "clock was behind"
"""By how many seconds the laptop's clock was behind when the share said that it had been set right, and when that was,
as JSON, the newest last: `[[10800.0, "2026-03-14T17:02:00+00:00"]]`.
"""

DATED_AHEAD = "dated ahead "
"""Followed by a keyed hash of what a camera wrote into a picture: by how many seconds what its clock showed was after
the time, in UTC, at which this laptop saw it.
"""

SHARE_TROUBLE = "share trouble"
"""Why the share cannot be used, since when, and whether its identity has changed; absent if it can be used.

As JSON: `[5, "why", "2026-03-14T17:02:00+00:00", false]`.
"""

DAMAGED = "damaged photos"
"""How many damaged photos were sent, and when the last one was, as JSON: `[3, "2026-03-14T17:02:00+00:00"]`."""

HALF_SENT = "half sent"
"""The transfers that may have left files on the share, as JSON: for each its folder, its number of files, and their
final names, each with the SHA-256 and size of its content.
"""

DISK_FAILED = "disk failed"
"""The files on the share that the server could not write to its disk, as JSON: their names."""

KEEPS = "share keeps files"
"""Which share was last seen to keep what it was given, and when, as JSON: `["teacher@nas:22/photos",
"2026-03-14T17:02:00+00:00"]`.
"""

SWEPT_IN_VAIN = "swept in vain"
"""How often in a row the share did not remove what transfers left there, and when that was last said, as JSON: `[3,
"2026-03-14T17:02:00+00:00"]`; absent if it did.
"""

HEARTBEAT = "last heartbeat"
"""The day, in UTC, of the record's last heartbeat."""

KEPT_PRIVATE = "kept private"
"""How many photos a person called private on days that are not on record yet, as JSON by day."""

PUBLISHED = "published"
"""The last signed checkpoint up to which the share has the record. Followed by a name: the same for the record that
this laptop had under that name.
"""

LINKED = "linked"
"""Followed by a former name of this laptop: up to which entry its record under that name is linked to the present one.
"""

UNPUBLISHED = "not published"
"""Why the record could not be signed or published last time; absent if it was."""

REGISTER_ON_RECORD = "register on record"
"""The version of the register in the record's last "register-changed" entry."""

REGISTER_REFUSAL = "register refused"
"""Why the register that was fetched last is not accepted; absent if it is."""

PAUSED_UNTIL = "paused until"
"""The end of a pause that a person asked for: until then the service does nothing by itself."""

NOTICES_SAID = "notices said"
"""The occasion (a day, a time) of the last desktop notice of each kind, as JSON by kind."""

EVENTS_LOGGED = "events logged"
"""The occasion of the last entry of each kind in the system's event log, as JSON by kind."""

CARDS_ALWAYS = "cards always"
"""The cards for which somebody answered "always", as JSON: by a hash of the card, who it was and the mark's hashes."""

CARD = "card "
"""Followed by an id: a card that is in, or was taken out too soon, as JSON (pipeline/cards.py)."""
