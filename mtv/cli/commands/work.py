"""Commands that keep mtv itself going: ui, doctor, worker, completion."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtv.cli import output
from mtv.cli.meter import Meter
from mtv.cli.options import example
from mtv.errors import Refused

if TYPE_CHECKING:
    from mtv.verbs.remote.board import Board


@click.command(epilog=example("mtv ui"))
def ui() -> int:
    """Steer runs in the terminal UI: a process of its own over the store, with the same verbs."""
    return start_ui()


def start_ui(board: "Board | None" = None) -> int:
    """Over the store that is here, or over a board of an engine elsewhere."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("ui.no-terminal", "there is no terminal to draw on", "`mtv watch RUN` follows a run without one")
    try:
        from mtv.ui import start
    except ModuleNotFoundError as error:
        if error.name != "textual":
            raise
        raise Refused("ui.missing", "the terminal UI is not installed", "pip install 'mtv-toolkit[ui]'") from error
    return start(board)


@click.command(epilog=example("mtv doctor -o json"))
@output.form
def doctor(form: str) -> int:
    """Say whether this machine is fit: KVM, tools and their versions, space, the store; with the fix for each."""
    from mtv.verbs.doctor import doctor as look

    with Meter("looking around"):
        found = look()
    click.echo(output.findings(found, form), nl=False)
    return 1 if any(not one.ok and one.level == "critical" for one in found) else 0


@click.command(epilog=example("mtv worker tasks/transfer-1"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lease", default="", metavar="NAMESPACE/NAME", help="In a Pod: write only while that Lease is held.")
def worker(folder: Path, lease: str) -> int:
    """Do the one task in FOLDER/TASK.json; speaks worker protocol 1 on stdout (docs/worker.md)."""
    from mtv.verbs.worker import work

    return work(folder, lease)


@click.command(epilog=example('eval "$(mtv completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from mtv.cli import cli

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "mtv", "_MTV_COMPLETE").source())
    return 0
