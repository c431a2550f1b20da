"""`python -m core companies …`: the companies of this Parley, from the machine it runs on."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

app = typer.Typer(help="Add companies, rename and list them.", no_args_is_help=True)


@app.command()
def add(name: Annotated[str, typer.Argument(help="The company's name.")]) -> None:
    """Add a company. It has nobody yet: `users add … --role admin --company …` adds its first admin."""
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    company = current().companies.create(name)
    typer.echo(f"Added {company.name}. Its id: {company.id}")


@app.command()
def rename(
    company_id: Annotated[UUID, typer.Argument(help="The company, by the id that `companies list` shows.")],
    name: Annotated[str, typer.Argument(help="Its new name.")],
) -> None:
    """Rename a company. Its admins can do that for themselves, in Settings."""
    from core.bootstrap import current  # see above

    company = current().companies.rename(company_id, name)
    typer.echo(f"It is called {company.name} now.")


@app.command("list")
def list_companies() -> None:
    """List them all, with their ids."""
    from core.bootstrap import current  # see above

    table = Table("Id", "Name")
    for company in current().companies.list_all():
        table.add_row(Text(str(company.id), overflow="fold"), Text(company.name))
    Console().print(table)
