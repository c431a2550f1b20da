"""What links a row of the audit trail to the one before it."""

import json
from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any

from core.models import AuditEvent

FIRST_HASH = bytes(32)
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def hash_over(previous_hash: bytes, fields: Mapping[str, Any]) -> bytes:
    """SHA-256 over the previous hash and the row's fields as JSON with sorted keys and no spaces. `fields` as in
    `hash_of`: whoever changes them breaks every chain there is.
    """
    return sha256(previous_hash + _canonical(fields).encode()).digest()


def hash_of(event: AuditEvent) -> bytes:
    fields = {
        "id": str(event.id),
        "created_at": event.created_at.astimezone(UTC).isoformat(),
        "company_id": str(event.company_id),
        "sequence": event.sequence,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "action": event.action,
        "target_type": event.target_type,
        "target_id": str(event.target_id) if event.target_id else None,
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
        "outcome": event.outcome.value,
    }
    return hash_over(event.previous_hash, fields)
