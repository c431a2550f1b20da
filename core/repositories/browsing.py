from uuid import UUID

from core.permissions import Actor, Permission
from core.repositories.base import Repository
from core.repositories.browse_lines import (
    OWNERS_OF_ROOMS,
    BrowseLine,
    Position,
    Sort,
    Wanted,
    any_one,
    lines_of,
    one,
)
from core.repositories.browse_pages import Place, Shape, page


class Browsing(Repository):
    def list_page(
        self,
        actor: Actor,
        wanted: Wanted,
        sort: Sort,
        *,
        before: Position | None = None,
        after: Position | None = None,
        limit: int = 30,
    ) -> list[BrowseLine]:
        """In the order of the list: the first ones, those that follow the position `after`, or those next before
        `before`.
        """
        shape = Shape(
            sort=sort,
            state=wanted.state,
            kinds=wanted.kinds,
            **_rights(actor),
            by_owner=wanted.owner_id is not None,
            by_model=wanted.models is not None,
            with_default=wanted.models is not None and None in wanted.models,
            since=wanted.since is not None,
            until=wanted.until is not None,
            place=Place.BEFORE if before else Place.AFTER if after else Place.FIRST,
        )
        if not shape.arms:
            return []
        key, id_ = before or after or (None, None)
        given = {
            "me": actor.user_id,
            "company": actor.company_id,
            "kinds": sorted(wanted.kinds),
            "owner": wanted.owner_id,
            "models": sorted(name for name in wanted.models or () if name),
            "since": wanted.since,
            "until": wanted.until,
            "key": key,
            "id": id_,
            "limit": limit,
        }
        lines = lines_of(self.session.execute(page(shape), given))
        return lines[::-1] if before else lines

    def get(self, actor: Actor, conversation_id: UUID) -> BrowseLine | None:
        """The conversation if this person may read it: where they oversee it, from its beginning on."""
        given = {"me": actor.user_id, "company": actor.company_id, "conversation": conversation_id}
        found = self.session.execute(one(**_rights(actor)), given)
        return next(iter(lines_of(found)), None)

    def get_private(self, company_id: UUID, conversation_id: UUID) -> BrowseLine | None:
        """Whosever it is, deleted or not: for who was given leave to read it, and has that checked elsewhere."""
        given = {"me": None, "company": company_id, "conversation": conversation_id}
        return next(iter(lines_of(self.session.execute(any_one(), given))), None)

    def list_owners(self, company_id: UUID) -> list[tuple[UUID, str, str]]:
        """Whose the company's rooms are: id, name and e-mail, by name."""
        return [tuple(row) for row in self.session.execute(OWNERS_OF_ROOMS, {"company": company_id})]


def _rights(actor: Actor) -> dict[str, bool]:
    return {"chats": actor.may(Permission.CHAT_USE), "oversees": actor.may(Permission.ROOMS_OVERSEE)}
