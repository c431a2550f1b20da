"""Retention in the settings, and what people see of it."""

from sqlalchemy import text

from core.models import ConversationKind
from core.permissions import Role
from core.services.retention_views import WantedHold
from tests.pages.visitor import Desk, text_of, visit


def test_rules_and_holds_stand_in_the_settings(desk: Desk) -> None:
    boss, staff = desk.person(Role.ADMIN), desk.staff(display_name="Iris *Held*")
    service = desk.application.retention
    page = text_of(visit(boss, "settings.py", section="Retention"))
    assert "Nothing is held." in page and page.count("kept for good") == 4
    service.set_rule(boss.actor, ConversationKind.GROUP, "90", confirmation="90")
    group = desk.application.rooms.create(staff.actor, ConversationKind.GROUP, "Secret plans")
    service.place_hold(boss.actor, WantedHold("The case", user_id=staff.user.id))
    service.place_hold(boss.actor, WantedHold("Another", conversation=str(group)))
    page = text_of(visit(boss, "settings.py", section="Retention"))
    for said in ("kept for 90 days", f"set by {boss.actor.display_name}", "The case", "Another", str(group), "Iris"):
        assert said in page, said
    assert "Secret plans" not in page


def test_people_are_told_where_older_messages_are_not_kept(desk: Desk) -> None:
    boss, me = desk.person(Role.ADMIN), desk.staff()
    talk = desk.application.talk
    group = desk.application.rooms.create(me.actor, ConversationKind.GROUP, "Plans")
    talk.send(me.actor, group, "Said long ago")
    assert "not kept" not in text_of(visit(me, "chat.py", c=group))
    desk.application.retention.set_rule(boss.actor, ConversationKind.GROUP, "1", confirmation="1")
    assert "Messages older than 1 day are not kept." in text_of(visit(me, "chat.py", c=group))
    with desk.database.transaction() as session:
        session.execute(text("UPDATE messages SET created_at = created_at - interval '2 days'"))
    for number in range(45):
        talk.send(me.actor, group, f"Fresh {number}")
    keeper = desk.application.retention_keeper
    keeper.begin(desk.company.id)
    list(keeper.work(desk.company.id))
    shown = text_of(visit(me, "chat.py", c=group))
    assert "not kept" not in shown and "Earlier messages" in shown and "Said long ago" not in shown
