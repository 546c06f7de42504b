"""Spot checks: a sample of transfers that nobody could choose, examined to the byte.

`frozen` finds what may be drawn: the transfers in checkpoints that a witness has seen. `lots` draws the lowest hashes
for a seed, which is given or comes from a `commitment`; `sampling` says how many, and what they prove. `drawfile`
writes the draw to a file, signed, before anything is shown. `examine` looks at each transfer (`examining`) with what
the caller provides (`ports`), and in the other direction at files on the share without an entry (`strangers`).
`outcome` is the result; `results` stores it.
"""

from agent.audit.spotcheck.commitment import agreed_size, commit, read_commitment
from agent.audit.spotcheck.drawfile import Draw, make, read, write
from agent.audit.spotcheck.examine import Means, examine
from agent.audit.spotcheck.frozen import Seen, freeze, seen_by
from agent.audit.spotcheck.ondisk import PhotosOnDisk
from agent.audit.spotcheck.outcome import Outcome
from agent.audit.spotcheck.ports import Fetched
from agent.audit.spotcheck.results import FOLDER, Result, Results, read_results, write_result
from agent.audit.spotcheck.revealed import known_already, remember
from agent.audit.spotcheck.signing import ReviewerKey, default_reviewer, known_keys
from agent.audit.spotcheck.size import Size

__all__ = [
    "FOLDER",
    "Draw",
    "Fetched",
    "Means",
    "Outcome",
    "PhotosOnDisk",
    "Result",
    "Results",
    "ReviewerKey",
    "Seen",
    "Size",
    "agreed_size",
    "commit",
    "default_reviewer",
    "examine",
    "freeze",
    "known_already",
    "known_keys",
    "make",
    "read",
    "read_commitment",
    "read_results",
    "remember",
    "seen_by",
    "write",
    "write_result",
]
