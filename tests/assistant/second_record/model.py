"""What was decided. It would be core/models/decision.py, with a migration."""

from datetime import date
from uuid import UUID

from sqlmodel import Field, SQLModel

from core.models.base import Record
from core.models.base import table_of as table_of_model


class Decision(Record, table=True):
    """Of whoever wrote it down; nobody else sees it."""

    __tablename__ = "decisions"

    company_id: UUID = Field(foreign_key="companies.id", ondelete="CASCADE")
    owner_id: UUID = Field(foreign_key="users.id", index=True)
    text: str
    decided_on: date
    client_key: UUID | None = Field(default=None, unique=True)


table = table_of_model(Decision)
# No migration makes it: other tests hold the models against those.
SQLModel.metadata.remove(table)
