"""The names of the single facts that the journal keeps beside the photos."""

LAST_REACHED = "share last reached"
"""When a login on the share last went well, as ISO 8601."""

GROUNDS = "decided on the grounds of"
"""What the photos here were last decided by, all of them, beside what they are themselves: `Stages.grounds`."""

DAMAGED = "damaged photos"
"""How many damaged photos were sent, and when the last was, as JSON: `[3, "2026-03-14T17:02:00+00:00"]`."""

REGISTER_ON_RECORD = "register on record"
"""The version of the register that the record's last "register-changed" tells of."""

REGISTER_REFUSAL = "register refused"
"""Why the register that was fetched last is not believed; absent where it is."""
