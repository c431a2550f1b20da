"""`python -m core …`: Parley's command line."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from core import bootstrap
from core.cli import audit, companies, database, demo, demo_year, imports, retention, search, serve, setup, usage, users
from core.config import load_settings
from core.database.opening import open_database
from core.errors import ParleyError

Options = ParamSpec("Options")


def with_application(context: typer.Context) -> None:
    """Opens the database for the commands that need it, and closes it after them."""
    settings = load_settings()
    bootstrap.install(bootstrap.build(settings, context.with_resource(open_database(settings))))


def opened(command: Callable[Options, None]) -> Callable[Options, None]:
    """The same for a single command."""

    @wraps(command)
    def run(*args: Options.args, **options: Options.kwargs) -> None:
        settings = load_settings()
        with open_database(settings) as database:
            bootstrap.install(bootstrap.build(settings, database))
            command(*args, **options)

    return run


app = typer.Typer(help="Parley, a company's own assistant desk.", no_args_is_help=True, add_completion=False)
app.command("serve")(serve.serve)
app.command("set-up")(opened(setup.set_up))
app.command("demo")(opened(demo.demo))
app.command("demo-year")(demo_year.demo_year)
app.command("import")(opened(imports.import_file))
app.add_typer(audit.app, name="audit", help="The trail of who did what.", callback=with_application)
app.add_typer(companies.app, name="companies", help="The companies here.", callback=with_application)
app.add_typer(database.app, name="database", help="The database as a whole: dumped, restored, moved.")
app.add_typer(retention.app, name="retention", help="What is too old to be kept.", callback=with_application)
app.add_typer(search.app, name="search", help="The index that search looks through.", callback=with_application)
app.add_typer(usage.app, name="usage", help="The sums behind the usage page.", callback=with_application)
app.add_typer(users.app, name="users", help="People and their roles.", callback=with_application)


def main() -> None:
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except ParleyError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
