"""Commands: parse, call a verb, print. stdout is data, stderr is talk.

Exit codes: 0 all done, 1 none done or failed, 2 wrong use or wrong file, 3 some done, 4 refused by a check before any
change, 130 interrupted.
"""

import os
import sys

import click

from mtv.cli.options import example
from mtv.cli.table import Commands
from mtv.errors import MtvError


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=example("mtv create plan plan.yaml --from ova:exports --to bundle:out", "mtv run plan.yaml"),
)
@click.version_option(package_name="mtv-toolkit", prog_name="mtv")
@click.option("--store", metavar="FILE", help="Where mtv keeps its state ($MTV_STORE, or the XDG data folder).")
@click.option("--via", metavar="WHERE", help="Ask the engine in the cluster of that context, or exec:COMMAND.")
@click.option("--log", type=click.Choice(["text", "json"]), default="text", help="Form of the log on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done on stderr.")
def cli(store: str | None, via: str | None, log: str, verbose: bool) -> None:
    """Move whole estates of virtual machines to KubeVirt, with proof."""
    if store:
        os.environ["MTV_STORE"] = store
    if verbose or log == "json":
        from mtv.cli.logs import configure

        configure(log, verbose)


def main(args: list[str] | None = None) -> int:
    """Run one command; every error that mtv raises on purpose becomes text on stderr and an exit code here."""
    try:
        done = cli.main(args, prog_name="mtv", standalone_mode=False)
        return done if isinstance(done, int) else 0
    except MtvError as error:
        return _say(error)
    except click.exceptions.Abort:
        click.echo("mtv: interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("mtv: interrupted", err=True)
        return 130
    except BrokenPipeError:
        # The reader has gone (`mtv get vms | head`): Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _defect(error)


def _defect(error: Exception) -> int:
    """Nobody raised it on purpose: what it was, in a line; its traceback is kept for whoever mends it."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="mtv-defect-", suffix=".txt", delete=False) as file:
        file.write("".join(traceback.format_exception(error)))
    click.echo(f"mtv: an unexpected {type(error).__name__}: {str(error)[:500]}", err=True)
    click.echo(f"     please report it, with {file.name}", err=True)
    return 1


def _say(error: MtvError) -> int:
    fault = error.fault
    click.echo(f"mtv: {fault.text}", err=True)
    if fault.hint:
        click.echo(f"     {fault.hint}", err=True)
    return fault.exit_code
