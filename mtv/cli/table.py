"""All commands with their one line of help, so that `mtv --help` imports none of them."""

from importlib import import_module
from typing import Any

import click

TABLE: dict[str, tuple[str, str]] = {
    "add": ("ends:add", "Remember a source or a target."),
    "check": ("manifests:check", "Check a provider or manifests and name what is wrong, with its fix."),
    "refresh": ("ends:refresh", "Read a source's inventory into the store."),
    "inspect": ("guests:inspect", "Look into guests' disks, read-only."),
    "get": ("look:get", "List providers, vms, disks, plans, runs, migrations and more."),
    "describe": ("look:describe", "Show all that is known of one VM or plan, or which rights an account needs."),
    "report": ("report:report", "Write what is known into a file that one can hand on."),
    "create": ("plan:create", "Write a plan with proposed maps."),
    "export": ("export:export", "Write an estate in another program's form."),
    "lint": ("plan:lint", "Check a plan file."),
    "run": ("runs:run", "Do a plan, or go on with it."),
    "status": ("runs:status", "Show where a run's migrations are."),
    "watch": ("runs:watch", "Follow a run."),
    "logs": ("look:logs", "Show what the tools of a migration's steps printed."),
    "why": ("look:why", "Say why a migration does not go on, and what to do."),
    "cutover": ("steer:cutover", "Switch over now."),
    "hold": ("steer:hold", "Start no further step."),
    "resume": ("steer:resume", "Lift a hold."),
    "retry": ("steer:retry", "Try a failed or held step again."),
    "cancel": ("steer:cancel", "Stop now, undo everything, bring the source back."),
    "rollback": ("steer:rollback", "Undo a failed migration or one in probation; give a done one's source back."),
    "commit": ("steer:commit", "End probation, drop what mtv left at the source."),
    "purge": ("steer:purge", "Remove what a rolled back migration left at the target."),
    "verify": ("proof:verify", "Read target disks again and hold them against signed receipts."),
    "key": ("proof:key", "Make or show the key that signs receipts."),
    "boot": ("guests:boot", "Boot a bundle in QEMU on a throw-away overlay."),
    "import": ("importing:import_bundle", "Upload a bundle to a cluster and make its VM there, halted."),
    "ui": ("work:ui", "Steer runs in the terminal UI."),
    "serve": ("serve:serve", "Be the engine of all runs that have none."),
    "rpc": ("serve:rpc", "Answer verbs as JSON over stdin and stdout (--via starts this)."),
    "doctor": ("work:doctor", "Say whether this machine is fit, with the fix for what is missing."),
    "worker": ("work:worker", "Do one task (the engine starts this)."),
    "completion": ("work:completion", "Print the completion script of bash, zsh or fish."),
}


class Commands(click.Group):
    """A group that imports a command's module when the command is used."""

    def invoke(self, ctx: click.Context) -> Any:
        words = [*ctx._protected_args, *ctx.args]
        if via := ctx.params.get("via"):
            from mtv.cli import remote

            if words and words[0] not in remote.HERE:
                ctx.invoke(self.callback, **ctx.params) if self.callback else None
                return remote.call(self, ctx, words, via)
        return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(TABLE)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in TABLE:
            return None
        module, _, attribute = TABLE[name][0].partition(":")
        found: click.Command = getattr(import_module(f"mtv.cli.commands.{module}"), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in TABLE.items()])
