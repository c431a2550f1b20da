"""`python -m core set-up`: the company and its first admin, from the machine Parley runs on."""

from typing import Annotated

import typer

from core.cli.users import Email, FromStdin, read_password


def set_up(
    email: Email,
    name: Annotated[str, typer.Option("--name", prompt="Your name", help="The first admin's, as others see it.")],
    company: Annotated[str, typer.Option("--company", prompt="Company", help="The company's name.")],
    password_stdin: FromStdin = False,
) -> None:
    """Name the company and its first admin, once, in place of the link that the first start prints."""
    from core.bootstrap import current

    app = current()
    password = read_password(from_stdin=password_stdin) if app.settings.local_passwords else None
    app.accounts.set_up_by_command(company_name=company, email=email, display_name=name, password=password)
    typer.echo(f"{company.strip()} is set up, with {email} as its first admin.")
    if password is None:
        typer.echo("They come in through single sign-on, if its setting LINK_BY_EMAIL is true: see docs/sso.md.")
