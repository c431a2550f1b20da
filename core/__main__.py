"""`python -m core …`: Parley's command line."""

import logging

import typer

from core.cli.deferred import defer
from core.errors import ParleyError

app = typer.Typer(help="Parley, a company's own assistant desk.", no_args_is_help=True, add_completion=False)
defer(app, "serve", "core.cli.serve:serve", "Serve Parley on loopback.", opens=False)
defer(app, "set-up", "core.cli.setup:set_up", "Name the company and its first admin, once.")
defer(app, "demo", "core.cli.demo:demo", "Add six demo people, a day of their talk, tasks and three months of usage.")
defer(
    app, "demo-year", "core.cli.demo_year:demo_year", "Make up a company of 40 people with a year of talk.", opens=False
)
defer(app, "import", "core.cli.imports:import_file", "Bring in conversations from a file.")
defer(app, "audit", "core.cli.audit:app", "The trail of who did what.")
defer(app, "companies", "core.cli.companies:app", "Add companies, rename and list them.")
defer(app, "database", "core.cli.database:app", "The database as a whole: dumped, restored, moved.", opens=False)
defer(app, "retention", "core.cli.retention:app", "What is too old to be kept.")
defer(app, "search", "core.cli.search:app", "The index that search looks through.")
defer(app, "usage", "core.cli.usage:app", "The sums behind the usage page.")
defer(app, "users", "core.cli.users:app", "Add people, list them, let them in or keep them out.")


def main() -> None:
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except ParleyError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
