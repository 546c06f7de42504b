"""Bodies of entries as the pipeline writes them."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

AT = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)

Body = dict[str, Any]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def transferred(photo: str = "0a1b2c3d", **other: Any) -> Body:
    return {
        "photo": photo,
        "transfer": sha(photo)[:32],
        "visit": "2026-science-museum",
        "register_version": sha("register"),
        "decided_by": "rules",
        "staff": "j.smith",
        "level": "B",
        "found_at": (AT - timedelta(minutes=30)).isoformat(),
        "reachable_at": (AT - timedelta(minutes=2)).isoformat(),
        "proven_at": AT.isoformat(),
        "files": [
            {
                "name": f"visits/2026-science-museum/20260314-101112_eos-r6_{sha(photo)[:12]}.jpg",
                "original_sha256": sha(photo),
                "original_size": 4_000_000,
                "held_sha256": sha(photo + "tagged"),
                "held_size": 4_002_048,
                "method": "read-back",
                "synced": True,
            }
        ],
        "copies": 0,
    } | other


def removed(photo: str = "0a1b2c3d", **other: Any) -> Body:
    return {
        "photo": photo,
        "transfer": sha(photo)[:32],
        "visit": "2026-science-museum",
        "files": 1,
        "copies": 0,
        "thumbnails": 2,
        "removed_at": (AT + timedelta(seconds=3)).isoformat(),
        "leftovers": [{"kind": "snapshots", "found": "not known", "detail": ""}],
    } | other
