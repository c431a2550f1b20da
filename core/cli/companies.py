"""`python -m core companies …`: the companies of this Parley, from the machine it runs on."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

app = typer.Typer(help="Add companies and list them.", no_args_is_help=True)


@app.command()
def add(name: Annotated[str, typer.Argument(help="The company's name.")]) -> None:
    """Add a company. It has nobody yet: `users add … --role admin --company …` adds its first admin."""
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    company = current().companies.create(name)
    typer.echo(f"Added {company.name}. Its id: {company.id}")


@app.command("list")
def list_companies() -> None:
    """List them all, with their ids."""
    from core.bootstrap import current  # see above

    table = Table("Id", "Name")
    for company in current().companies.list_all():
        table.add_row(Text(str(company.id), overflow="fold"), Text(company.name))
    Console().print(table)
