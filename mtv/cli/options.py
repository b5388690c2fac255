"""Options that several commands share."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mtv.errors import Cancelled, Refused

F = TypeVar("F", bound=Callable[..., Any])

where = click.option("--where", metavar="SQL", default="", help="An SQL expression over the kind's columns.")
yes = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
vm = click.option("--vm", "vms", metavar="NAME", multiple=True, help="Only this VM (may be given several times).")


def example(*lines: str) -> str:
    """The end of a command's help: lines to copy, which click does not fill. A test runs each of them."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


def confirm(question: str, yes: bool) -> None:
    """Ask before something is lost. Raises Refused where there is no terminal to ask at."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("cli.confirm", f"{question} there is no terminal to ask at", "give --yes if you mean it")
    if not click.confirm(question, err=True):
        raise Cancelled("cli.declined", "nothing was changed")
