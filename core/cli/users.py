"""`python -m core users …`: the people of this Parley, from the machine it runs on."""

import sys
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.amounts import counted
from core.permissions import Role
from core.services.people import PeopleService

app = typer.Typer(help="Add people, list them, let them in or keep them out.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
Roles = Annotated[list[Role], typer.Option("--role", help="Repeat it for several.")]
Company = Annotated[UUID | None, typer.Option("--company", help="The company's id; needed when there are several.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    email: Email,
    name: Annotated[str, typer.Option("--name", prompt="Name", help="What others see.")],
    role: Roles = [Role.STAFF],  # noqa: B006 - typer reads it, nobody changes it
    company: Company = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add a person, with a password to sign in where there are passwords."""
    person = _people().create_user(
        None,
        email=email,
        display_name=name,
        password=read_password(from_stdin=password_stdin) if _has_passwords() else None,
        roles=role,
        company_id=company,
    )
    typer.echo(f"Added {person.email} ({', '.join(sorted(person.roles))}).")


@app.command("list")
def list_people(company: Company = None) -> None:
    """List everybody."""
    table = Table("E-mail", "Name", "Roles", "Active", "Last seen")
    for person in _people().list_people(None, company_id=company):
        table.add_row(
            Text(person.email, overflow="fold"),
            Text(person.display_name),  # as text: a name in brackets isn't markup
            ", ".join(sorted(person.roles)) or "none",
            "yes" if person.is_active else "no",
            f"{person.last_seen_at:%Y-%m-%d %H:%M} UTC" if person.last_seen_at else "never",
        )
    Console().print(table)


@app.command()
def deactivate(email: Email) -> None:
    """Keep a person out: sign them out everywhere, at once."""
    people = _people()
    people.deactivate(None, people.find(None, email).id)
    typer.echo(f"{email} is signed out everywhere and can't sign in.")


@app.command()
def reactivate(email: Email) -> None:
    """Let a person in again."""
    people = _people()
    people.reactivate(None, people.find(None, email).id)
    typer.echo(f"{email} can sign in again.")


@app.command("set-password")
def set_password(email: Email, password_stdin: FromStdin = False) -> None:
    """Give a person a new password and sign them out everywhere."""
    people = _people()
    person = people.find(None, email)
    people.set_password(None, person.id, read_password(from_stdin=password_stdin))
    typer.echo(f"{person.email} has a new password and is signed out everywhere.")


@app.command("unlink-sso")
def unlink_sso(email: Email) -> None:
    """Forget who a person is to single sign-on, as when their address passes to somebody new."""
    from core.bootstrap import current

    count = current().sso.unlink(email)
    typer.echo(f"{email} was linked {counted(count, 'time')}, and is no more.")


@app.command("set-roles")
def set_roles(email: Email, role: Roles) -> None:
    """Replace a person's roles."""
    people = _people()
    person = people.set_roles(None, people.find(None, email).id, role)
    typer.echo(f"{person.email}: {', '.join(sorted(person.roles))}.")


def _people() -> PeopleService:
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    return current().people


def _has_passwords() -> bool:
    from core.bootstrap import current

    return current().settings.local_passwords


def read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
