"""Looking through a whole database."""

from sqlalchemy import text

from core.database.engine import Database


def tables_with(database: Database, word: str) -> set[str]:
    """Every table in which some row has it, whatever the column."""
    with database.reading() as session:
        names = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        return {
            name
            for name in names
            if session.execute(text(f"SELECT 1 FROM {name} t WHERE t::text LIKE :word"), {"word": f"%{word}%"}).first()
        }
