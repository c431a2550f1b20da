"""Writes `.env.example` and the tables in docs/ from the settings: `python -m core.cli.env_example`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic.fields import FieldInfo

from core.config import ROOT, Settings, variable_of
from core.sso import SsoProvider, variable

ENV_EXAMPLE = ROOT / ".env.example"
CONFIGURATION = ROOT / "docs" / "configuration.md"
SSO = ROOT / "docs" / "sso.md"

HEADING = """\
# Every setting with its default. Copy this file to .env and take away the # of what you change.
# Variables of the environment win over the file.
"""
START = "<!-- settings: written by `python -m core.cli.env_example` -->"
END = "<!-- end of settings -->"


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    default: str
    """Empty where there is none."""
    description: str


def variables() -> Iterator[Variable]:
    """Every setting in the order of the class."""
    for field, info in Settings.model_fields.items():
        yield Variable(variable_of(field), _default(info), info.description or "")


def provider_variables() -> Iterator[Variable]:
    """What each provider of single sign-on has of its own."""
    for field, info in SsoProvider.model_fields.items():
        if info.description:
            yield Variable(variable(field), "" if info.is_required() else _default(info), info.description)


def env_example() -> str:
    """The text of `.env.example`."""
    return "\n".join([HEADING, *(f"# {v.description}\n# {v.name}={v.default}\n" for v in variables())])


def table(variables: Iterable[Variable]) -> str:
    """A Markdown table of them."""
    rows = [f"| `{v.name}` | {f'`{v.default}`' if v.default else ''} | {v.description} |" for v in variables]
    return "\n".join(["| variable | default | what it is for |", "| --- | --- | --- |", *rows])


def with_table(text: str, variables: Iterable[Variable]) -> str:
    """That page with the table between its two marks brought up to date."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{table(variables)}\n{END}{after}"


def _default(info: FieldInfo) -> str:
    value = info.get_default(call_default_factory=True)
    if value is None:
        return ""
    if isinstance(value, Path):
        return str(value.relative_to(ROOT))
    return ",".join(value) if isinstance(value, list | dict) else str(value)


if __name__ == "__main__":
    ENV_EXAMPLE.write_text(env_example())
    CONFIGURATION.write_text(with_table(CONFIGURATION.read_text(), variables()))
    SSO.write_text(with_table(SSO.read_text(), provider_variables()))
