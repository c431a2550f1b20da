"""What a company pays for a model, where its admins said so themselves."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from core.models.base import Record, amount_field, time_field

MAX_MODEL_NAME = 200


class ModelPrice(Record, table=True):
    """A price that holds from `effective_from` until the next one of the same model begins.

    Rows are never changed, so that what was in force at any time can always be told: another price is another row, and
    one that has not begun yet can be taken back. Amounts are USD per million tokens. Without any, the price list holds
    again.
    """

    __tablename__ = "model_prices"
    __table_args__ = (
        CheckConstraint(f"char_length(model) BETWEEN 1 AND {MAX_MODEL_NAME}", name="model"),
        CheckConstraint("input_price >= 0 AND cached_price >= 0 AND output_price >= 0", name="amounts"),
        CheckConstraint(
            "(input_price IS NULL) = (output_price IS NULL) AND (cached_price IS NULL OR input_price IS NOT NULL)",
            name="whole",
        ),
        CheckConstraint("removed_at < effective_from", name="removed_at"),
        Index("model_prices_in_force_idx", "company_id", "model", text("effective_from DESC"), text("id DESC")),
    )

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    model: str
    input_price: Decimal | None = amount_field(14, 6)
    cached_price: Decimal | None = amount_field(14, 6)
    """Of input that the provider had in its cache. None: as other input."""
    output_price: Decimal | None = amount_field(14, 6)
    effective_from: datetime = time_field()
    created_by: UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    removed_at: datetime | None = time_field(None)
    """When it was taken back, before it began."""

    @property
    def is_own(self) -> bool:
        """False where it says that the price list holds again."""
        return self.input_price is not None
