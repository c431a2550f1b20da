"""Calls in the ledger, as the usage page shows them."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from core.models import CallPurpose, CallStatus, ModelCall, UsageSource
from core.repositories.model_calls import ModelCalls


def make_call(company_id: UUID, user_id: UUID | None, created_at: datetime, **fields: Any) -> ModelCall:
    """An answer of `large` that cost a dollar."""
    defaults: dict[str, Any] = {
        "company_id": company_id,
        "user_id": user_id,
        "created_at": created_at,
        "purpose": CallPurpose.ANSWER,
        "provider": "api.example.com",
        "model": "large",
        "input_tokens": 1_000,
        "cached_tokens": 400,
        "output_tokens": 200,
        "usage_source": UsageSource.EXACT,
        "cost": Decimal(1),
        "first_token_ms": 300,
        "duration_ms": 2_300,
        "status": CallStatus.COMPLETE,
    }
    return ModelCall(**defaults | fields)


def book(session: Session, *calls: ModelCall) -> None:
    """With the sums over them."""
    ModelCalls(session).add_all(list(calls))
