"""Who may use what: every page, address, service method, tool and command, with what opens it.

What stands behind a name:

    chat:use                    that permission; who has none of its roles is told its sentence
    a + b                       both; who lacks several is told the sentence of the first that they lack
    a | b                       one of them is enough; who has neither is told the sentence of the first
    a, else nothing             who lacks it gets an empty list
    themselves                  anybody who is signed in, about themselves alone
    a session                   the same, where it gives and changes nothing of anybody's
    anybody                     without a session as well
    - reason                    no person asks for it with their rights: who does instead
    … again                     rights are also read anew in its transaction, or before each page of what it gives

Which role has which permission, tests/test_permissions.py writes out. A row that is missing and one too many fail
tests/grid/test_rows.py, which says where it belongs. A method has several rows where what is asked for takes more.
"""

SERVICES = """
access_grants.end                   access:grant
access_grants.extend                access:grant          again
access_grants.get                   access:grant
access_grants.in_force_for          access:grant
access_grants.list_page             access:grant
access_grants.mine                  access:grant
access_grants.take                  access:grant          again
access_grants.take_for_case         access:grant          again

access_reading.looked_into          chat:use
access_reading.read                 access:grant          again
access_reading.who_looked           chat:use

accounts.actor                      - who stands behind a session; the gate and the guard ask it
accounts.actors                     - the same for all event streams at once
accounts.change_password            account:manage
accounts.check_setup_link           - whoever holds the link of the first set-up
accounts.has_password               account:manage
accounts.is_live                    - the gate, of a session that it has resolved
accounts.issue_setup_link           - the start of the process and the command line
accounts.needs_setup                - the start of the process and the form of the first set-up
accounts.provider_of                - the form that signs out, of the session it is sent with
accounts.remember_zone              themselves
accounts.renew_token                - the gate, of the cookie it was sent
accounts.require_passwords          - whoever is at the door: whether passwords are in use here
accounts.resolve                    - the gate, of the cookie it was sent
accounts.sessions                   account:manage
accounts.set_up                     - whoever holds the link of the first set-up
accounts.set_up_by_command          - the command line
accounts.sign_in                    - whoever is at the door
accounts.sign_out                   - whoever has that session
accounts.sign_out_everywhere        themselves

audit.get                           audit:own
audit.list_page                     audit:own
audit.list_page of others           audit:own + audit:view
audit.people                        audit:own

audit_checks.companies              - the command line
audit_checks.state                  audit:view
audit_checks.verify                 - the command line
audit_checks.verify_own             audit:view

audit_exports.plan                  audit:own
audit_exports.plan of others        audit:own + audit:view
audit_exports.write                 audit:own             again

browse.list_page                    conversations:browse
browse.list_page of an owner        conversations:browse + rooms:oversee
browse.owners                       conversations:browse
browse.put_away                     conversations:browse
browse.read                         conversations:browse

budgets.change                      budgets:manage
budgets.choices                     budgets:manage
budgets.end_raise                   budgets:manage
budgets.page                        budgets:manage
budgets.people_with                 budgets:manage
budgets.raise_until_reset           budgets:manage
budgets.remove                      budgets:manage
budgets.set                         budgets:manage

chat.ask                            chat:use
chat.edit_and_resend                chat:use
chat.regenerate                     chat:use
chat.resume                         chat:use
chat.retry                          chat:use
chat.show_version                   chat:use
chat.stop                           chat:use

commands.call                       chat:use
commands.read                       - nothing: reads a text, and no data
commands.run                        chat:use
commands.undo                       chat:use

companies.create                    - the command line
companies.get                       settings:manage
companies.list_all                  - the command line
companies.list_changing             - nothing: the tools that there are, the same for all companies
companies.rename                    - the command line
companies.update                    settings:manage
companies.update_tools              settings:manage

company_limits.list_all             settings:manage
company_limits.set                  settings:manage

company_models.default_for          a session
company_models.get                  settings:manage
company_models.offered              a session
company_models.set                  settings:manage

conversations.archive               chat:use
conversations.choose_model          chat:use
conversations.clear_history         chat:use
conversations.count                 chat:use
conversations.delete                chat:use
conversations.get                   chat:use
conversations.instruct              chat:use
conversations.list_continued        chat:use
conversations.list_recent           chat:use
conversations.rename                chat:use
conversations.restore               chat:use
conversations.unarchive             chat:use

exporting.name_of                   - nothing: words a plan that `plan` has given
exporting.plan                      conversations:browse
exporting.write                     conversations:browse  again

feedback.rate                       chat:use

importing.look                      chat:use
importing.run                       chat:use              again

indexer.count                       - the process itself, in the background
indexer.refill                      - the process itself, in the background
indexer.run                         - the process itself, in the background
indexer.start                       - the process itself, in the background
indexer.stop                        - the process itself, in the background
indexer.work                        - the process itself, in the background

invites.accept                      - whoever holds the invite
invites.check                       - whoever holds the invite
invites.invite                      people:manage         again
invites.list_invites                people:manage
invites.renew                       people:manage         again
invites.revoke                      people:manage         again

measures.exposition                 - whoever holds the token for machines

members.add                         chat:use
members.change_role                 chat:use
members.get                         chat:use
members.leave                       chat:use
members.list_members                chat:use
members.mark_read                   chat:use
members.mute                        chat:use
members.remove                      chat:use
members.unmute                      chat:use

message_moderation.delete           moderation:work
message_moderation.delete_together  moderation:work
message_moderation.edit             moderation:work
message_moderation.restore          moderation:work
message_moderation.restore_together moderation:work

moderation.claim                    moderation:work
moderation.decide_together          moderation:work
moderation.delete                   moderation:work
moderation.dismiss                  moderation:work
moderation.edit                     moderation:work
moderation.release                  moderation:work
moderation.reopen                   moderation:work
moderation.restore                  moderation:work

moderation_messages.get             moderation:work
moderation_messages.list_page       moderation:work
moderation_messages.rooms           moderation:work

moderation_queue.count_open         moderation:work
moderation_queue.get                moderation:work
moderation_queue.list_page          moderation:work
moderation_queue.people             moderation:work
moderation_queue.reviewers          moderation:work

own_data.write                      account:manage        again

password_links.check                - whoever holds the password link
password_links.issue                people:manage         again
password_links.revoke               people:manage         again
password_links.use                  - whoever holds the password link
password_links.waiting              people:manage

people.create_user                  people:manage         again
people.deactivate                   people:manage         again
people.directory                    chat:use
people.find                         people:manage
people.list_people                  people:manage
people.reactivate                   people:manage         again
people.set_password                 people:manage         again
people.set_roles                    people:manage         again

people_looking.get                  people:manage
people_looking.list_page            people:manage

presence.beat                       - the event streams, for people whom they have asked about
presence.enter                      - the event streams, for people whom they have asked about
presence.leave                      - the event streams, for people whom they have asked about
presence.settle                     - the event streams, for people whom they have asked about
presence.stop                       - the event streams, for people whom they have asked about
presence.who                        - the event streams, for people whom they have asked about

prices.end_price                    prices:manage
prices.list_models                  prices:manage
prices.set_price                    prices:manage
prices.take_back                    prices:manage

profile.choose_theme                account:manage
profile.choose_zone                 account:manage
profile.rename                      account:manage

purging.look                        moderation:work + messages:purge
purging.purge                       moderation:work + messages:purge again

queue.edit                          chat:use
queue.hold                          chat:use
queue.release                       chat:use
queue.remove                        chat:use
queue.send_now                      chat:use

reactions.react                     chat:use
reactions.toggle                    chat:use

refusals.note                       - the gate and the guard, of what they refused

reports.report                      chat:use | rooms:oversee

retention.count_old                 - the command line
retention.dry_run                   retention:manage
retention.holdable                  retention:manage
retention.list_holds                - the command line
retention.place_hold                retention:manage
retention.read                      retention:manage
retention.release_hold              retention:manage      again
retention.remove_rule               retention:manage
retention.set_rule                  retention:manage      again

retention_keeper.begin              - the process itself, in the background; the command line
retention_keeper.is_due             - the process itself, in the background; the command line
retention_keeper.last_run           - the process itself, in the background; the command line
retention_keeper.list_companies     - the process itself, in the background; the command line
retention_keeper.run                - the process itself, in the background; the command line
retention_keeper.start              - the process itself, in the background; the command line
retention_keeper.stop               - the process itself, in the background; the command line
retention_keeper.work               - the process itself, in the background; the command line

room_locks.list_locked              moderation:work
room_locks.lock                     moderation:work
room_locks.lock_of_case             moderation:work
room_locks.of_case                  moderation:work
room_locks.unlock                   moderation:work

rooms.count_mine                    chat:use
rooms.count_open                    chat:use
rooms.create                        chat:use
rooms.get                           chat:use
rooms.join                          chat:use
rooms.list_mine                     chat:use
rooms.list_open                     chat:use
rooms.set_history                   chat:use
rooms.start_direct                  chat:use
rooms.unread                        chat:use
rooms.usage                         chat:use

rules.add                           rules:manage
rules.change                        rules:manage
rules.delete                        rules:manage
rules.list_all                      rules:manage
rules.switch                        rules:manage
rules.try_out                       rules:manage

search.search                       conversations:browse

session_ending.end                  people:manage         again
session_ending.end_all              people:manage         again
session_ending.end_by_password      - the start of the process
session_ending.end_own              account:manage
session_ending.list_of              people:manage

spending.company_month              usage:oversee
spending.notices                    themselves
spending.put_away                   themselves
spending.standings                  usage:view

sso.sign_in                         - whoever a provider vouches for
sso.unlink                          - the command line

steps.approve                       chat:use
steps.decline                       chat:use
steps.list_waiting                  chat:use, else nothing
steps.undo                          chat:use

suspensions.lift                    moderation:work       again
suspensions.list_in_force           moderation:work
suspensions.of_case                 moderation:work
suspensions.suspend                 moderation:work       again

talk.delete                         chat:use
talk.edit                           chat:use
talk.page                           chat:use
talk.page with_deleted              messages:view_deleted + chat:use
talk.send                           chat:use

tasks.assign                        records:keep
tasks.clear_done                    records:keep
tasks.complete                      records:keep
tasks.count_due                     records:keep
tasks.counts                        records:keep
tasks.create                        records:keep
tasks.delete                        records:keep
tasks.find                          records:keep
tasks.get                           records:keep
tasks.list_page                     records:keep
tasks.people                        records:keep
tasks.reopen                        records:keep
tasks.restore                       records:keep
tasks.restore_cleared               records:keep
tasks.update                        records:keep

transcripts.read                    chat:use
transcripts.state                   chat:use

uploads.begin                       chat:use
uploads.drop                        chat:use
uploads.open                        chat:use

usage.all_calls                     usage:view
usage.all_calls at others           usage:view + usage:oversee
usage.calls                         usage:view
usage.calls at others               usage:view + usage:oversee
usage.choices                       usage:view
usage.look                          usage:view
usage.look at others                usage:view + usage:oversee
usage.table                         usage:view
usage.table at others               usage:view + usage:oversee
usage.totals                        usage:view
usage.totals at others              usage:view + usage:oversee

usage_exports.plan                  usage:view
usage_exports.write                 usage:view            again

usage_keeper.begin                  - the process itself, in the background; the command line
usage_keeper.days_left              - the process itself, in the background; the command line
usage_keeper.months                 - the process itself, in the background; the command line
usage_keeper.run                    - the process itself, in the background; the command line
usage_keeper.start                  - the process itself, in the background; the command line
usage_keeper.stop                   - the process itself, in the background; the command line
usage_keeper.verify                 - the process itself, in the background; the command line
usage_keeper.work                   - the process itself, in the background; the command line

watching.is_room                    chat:use
watching.look                       - the event streams, for people whom they have asked about
"""

NO_SERVICES = {
    "DemoAnswers": "the command line alone, for a company that it makes up",
    "RateLimiter": "services, in their transactions",
    "World": "the demo of a year, for people whom it makes up",
}
"""Classes of core/services whose methods take an actor, and that are none of the application's services."""

# Of addresses the methods too. What `+` and `c=` stand for: with a conversation in the query.
ROUTES = """
GET /healthz                        anybody
GET /readyz                         anybody
GET /metrics                        - whoever holds the token for machines

GET /account/sign-in                anybody
POST /account/sign-in               anybody
GET /account/set-up                 - whoever holds the link of the first set-up
POST /account/set-up                - whoever holds the link of the first set-up
GET /account/invite                 - whoever holds the invite
POST /account/invite                - whoever holds the invite
GET /account/new-password           - whoever holds the password link
POST /account/new-password          - whoever holds the password link
GET /account/sso/{key}              - whoever is at the door
GET /account/sso/{key}/callback     - whoever a provider vouches for

GET /account/password               account:manage
POST /account/password              a session
GET /account/sign-out               a session
POST /account/sign-out              a session

GET /api/events                     a session
GET /api/events of a conversation   chat:use
GET /api/export                     conversations:browse
GET /api/export of all              conversations:browse
GET /api/usage                      usage:view
GET /api/usage of others            usage:view + usage:oversee
GET /api/audit                      audit:own
GET /api/audit of others            audit:own + audit:view
GET /api/own-data                   account:manage
POST /api/import                    chat:use
DELETE /api/import/{upload_id}      chat:use
"""

PAGES = """
home.py             home:view
chat.py             chat:use
browse.py           conversations:browse
tasks.py            records:keep
usage.py            usage:view
moderation.py       moderation:work
audit.py            audit:own
people.py           people:manage
settings.py         settings:manage
account.py          account:manage
"""

TOOLS = """
create_task         records:keep
list_tasks          records:keep
update_task         records:keep
complete_task       records:keep
search_messages     conversations:browse
my_usage            usage:view
"""

# Beside chat:use, which `commands.run` asks for.
COMMANDS = """
task                records:keep
tasks               records:keep
done                records:keep
search              conversations:browse
usage               usage:view
help                anybody
"""
