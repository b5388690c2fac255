"""Steering verbs: each asks the run's engine, or becomes it where none lives."""

import click

from mtv.cli import options

QUESTIONS = {
    "cancel": "stop now, undo everything that {what} did and bring the source back?",
    "rollback": "stop the target of {what} and bring the source back?",
    "purge": "remove what {what} left at the target, for good?",
    "cutover": "power the source of {what} off and switch over now?",
}


def _command(verb: str, does: str) -> click.Command:
    @click.command(verb, help=does, epilog=f"Example: mtv {verb} demo-1 --vm db01")
    @click.argument("run")
    @options.vm
    @options.yes
    def steer(run: str, vms: tuple[str, ...], yes: bool) -> int:
        from mtv.verbs import steering

        if verb in QUESTIONS:
            options.confirm(QUESTIONS[verb].format(what=", ".join(vms) or run), yes)
        answers = [one for name in vms or ("",) for one in steering.ask(verb, run, name)]
        for one in answers:
            click.echo(f"{one.vm}: {verb}: {one.text}", err=True)
        return 4 if all(one.refused for one in answers) else 0

    return steer


hold = _command("hold", "Start no further step of RUN (or of one VM); what runs now ends.")
resume = _command("resume", "Lift a hold, or go on with a run whose engine died.")
retry = _command("retry", "Try the failed or held step of RUN again.")
cancel = _command("cancel", "Stop RUN now, undo everything and bring the source back.")
cutover = _command("cutover", "Switch over now: power the source off, copy the last delta.")
rollback = _command("rollback", "Undo a failed migration or one in probation, and bring the source back.")
commit = _command("commit", "End probation: what mtv left at the source is dropped.")
purge = _command("purge", "Remove what a rolled back migration left at the target.")
