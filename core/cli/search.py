"""`python -m core search …`: the search index."""

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.amounts import counted

app = typer.Typer(help="The index that search looks through.", no_args_is_help=True)


@app.command()
def rebuild(
    resume: Annotated[bool, typer.Option("--resume", help="Only what an interrupted rebuild left over.")] = False,
) -> None:
    """Make the index anew from the messages. Search works meanwhile; it can be interrupted and resumed."""
    from core.bootstrap import current  # the composition root imports everything; `--help` needs none of it

    indexer = current().indexer
    total = indexer.count() if resume else indexer.refill()
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    messages = 0
    with Progress(*columns) as progress:
        task = progress.add_task("Conversations", total=total)
        for count in indexer.work():
            messages += count
            progress.advance(task)
    typer.echo(f"Indexed {counted(messages, 'message')}.")
