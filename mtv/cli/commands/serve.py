"""Commands of an engine that stays: serve, rpc."""

import click

from mtv.cli.options import example

IN_CLUSTER = "kubevirt:in-cluster"


@click.command(epilog=example("mtv serve --alive"))
@click.option("--alive", is_flag=True, help="Say whether an engine lives here and its heart beats: exit 1 if not.")
@click.option("--lease", metavar="NS/NAME", default="", help="In a cluster: act only while that Lease is ours.")
def serve(alive: bool, lease: str) -> int:
    """Be the engine of all runs that have none, until TERM.

    Runs that are made meanwhile are begun at once, side by side; `mtv run` then only makes and follows them. A second
    one waits. With --lease (of the cluster that $MTV_VOUCHER names, or of its own) it ends when the Lease lapses.
    """
    from mtv.verbs.running import serving

    if alive:
        lives = serving.is_alive()
        click.echo("it lives" if lives else "no engine lives here", err=True)
        return 0 if lives else 1
    seat = None
    if lease:
        import os

        from mtv.verbs.remote.reaching import seat_of

        seat = seat_of(os.environ.get("MTV_VOUCHER") or IN_CLUSTER, lease)
    serving.serve(lambda text: click.echo(text, err=True), seat)
    return 0


@click.command(epilog=example("""echo '{"id": 1, "verb": "get", "args": {"words": ["runs"]}}' | mtv rpc"""))
def rpc() -> int:
    """Answer verbs on stdout that are asked on stdin, a JSON object a line: {id, verb, args: {words, files}}.

    Answers are {id, out} and {id, err} as they come, then {id, ok: {code, files}} or {id, fault}. `mtv --via` speaks
    it. In a Pod the cluster says who asks, before anything is steered ($MTV_VOUCHER: another one, or nobody).
    """
    import os
    import sys

    from mtv.cli import remote
    from mtv.cli.table import TABLE
    from mtv.verbs.remote.answering import Answers
    from mtv.verbs.remote.reaching import whose

    os.environ.pop("MTV_WHO", None)
    voucher = os.environ.get("MTV_VOUCHER", IN_CLUSTER if "KUBERNETES_SERVICE_HOST" in os.environ else "")
    verbs = set(TABLE) - {*remote.HERE, *remote.NEVER, "ui"}
    Answers(verbs, sys.stdin.buffer, sys.stdout.buffer, whose(voucher).whose if voucher else None).serve()
    return 0
