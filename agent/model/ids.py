"""Names for things that are text: each its own type, so that one is not taken for another."""

from typing import NewType

VisitId = NewType("VisitId", str)
"""A visit's id in the register, which the register checks to be a safe folder name."""

PhotoId = NewType("PhotoId", str)
"""A photo's name in logs, in the journal and for `review assign`: eight random hex digits."""

TransferId = NewType("TransferId", str)
"""Thirty-two hexadecimal digits, the same for the same content sent by the same device to the same visit."""

Sha256 = NewType("Sha256", str)
"""Sixty-four lower-case hexadecimal digits."""

RemoteName = NewType("RemoteName", str)
"""A path on the share below the agent's root, e.g. `visits/2026-museum/20260314-101112_eos-r6_0123456789ab.jpg`."""
