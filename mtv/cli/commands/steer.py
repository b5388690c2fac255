"""Steering verbs: each asks the run's engine, or becomes it where none lives."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from mtv.cli import options
from mtv.cli.follow import follow, tell
from mtv.cli.options import example

if TYPE_CHECKING:
    from mtv.verbs.running.steering import Answer, Steered

Option = Callable[[Callable[..., int]], Callable[..., int]]
QUESTIONS = {
    "cancel": "stop now, undo everything that {what} did and bring the source back?",
    "rollback": "stop the target of {what} and bring the source back?",
    "purge": "remove what {what} left at the target, for good?",
    "cutover": "power the source of {what} off and switch over now?",
}
GO_ON = ("resume", "retry", "cutover")
SETTLED = {"cancel": "cancelled", "rollback": "rolled-back", "commit": "done"}

detached: Option = click.option("--detach", is_flag=True, help="Where no engine lives: leave one behind and return.")
asked: Option = click.option("--asked", type=int, multiple=True, hidden=True)  # wishes that `--detach` has left


def _command(verb: str, does: str) -> click.Command:
    def steer(run: str, vms: tuple[str, ...], yes: bool, asked: tuple[int, ...], detach: bool = False) -> int:
        if asked:
            return _serve(run, asked)
        if verb in QUESTIONS:
            options.confirm(QUESTIONS[verb].format(what=", ".join(vms) or run), yes)
        return _leave(verb, run, vms) if detach else _steer(verb, run, vms)

    parts: list[Option] = [asked, *([detached] if verb in GO_ON else []), options.yes, options.vm]
    made: Callable[..., int] = click.argument("run")(steer)
    for part in parts:
        made = part(made)
    return click.command(verb, help=does, epilog=example(f"mtv {verb} demo-1 --vm db01"))(made)


def _serve(run: str, asked: Sequence[int]) -> int:
    from mtv.verbs.running.steering import serve

    serve(run, asked)
    return 0


def _leave(verb: str, run: str, vms: Sequence[str]) -> int:
    from mtv.verbs.running.steering import leave

    answers = leave(verb, run, vms)
    _say(verb, answers)
    if not _all_refused(answers):
        click.echo(f"{run} runs in the background; follow it: mtv watch {run}", err=True)
    return _code(answers)


def _steer(verb: str, run: str, vms: Sequence[str]) -> int:
    from mtv.verbs.running.steering import ask
    from mtv.verbs.showing import seeing

    steered = ask(verb, run, vms, follow(seeing.view(run)) if verb != "hold" else lambda view: None)
    if not steered.led or verb not in GO_ON or _all_refused(steered.answers):
        _say(verb, steered.answers)
        return _code(steered.answers) or _settled(verb, run, steered)
    tell(steered.view, steered.interrupted)
    return _interrupted(run) if steered.interrupted else seeing.exit_code(steered.view)


def _interrupted(run: str) -> int:
    click.echo(f"interrupted, nothing was undone; go on with: mtv resume {run}", err=True)
    return 130


def _say(verb: str, answers: "Sequence[Answer]") -> None:
    for one in answers:
        click.echo(f"{one.vm}: {verb}: {one.text}", err=True)


def _all_refused(answers: "Sequence[Answer]") -> bool:
    return all(one.refused for one in answers)


def _code(answers: "Sequence[Answer]") -> int:
    """4 all refused, 3 some."""
    return 4 if _all_refused(answers) else 3 if any(one.refused for one in answers) else 0


def _settled(verb: str, run: str, steered: "Steered") -> int:
    """1 where an undo or a commit that this process drove did not come to its end."""
    if steered.interrupted:
        click.echo(f"interrupted half-way; go on with: mtv retry {run}", err=True)
        return 130
    goal = SETTLED.get(verb)
    if not steered.led or goal is None or all(one.state == goal for one in steered.view.migrations):
        return 0
    tell(steered.view)
    return 1


hold = _command("hold", "Start no further step of RUN (or of one VM); what runs now ends.")
resume = _command("resume", "Lift a hold, or go on with a run whose engine died.")
retry = _command("retry", "Try the failed or held step of RUN again.")
cancel = _command("cancel", "Stop RUN now, undo everything and bring the source back.")
cutover = _command("cutover", "Switch over now: power the source off, copy the last delta.")
rollback = _command(
    "rollback",
    "Undo a failed migration or one in probation, and bring "
    "the source back. Of one that is done, give the source back: what was moved stays until `mtv purge`.",
)
commit = _command("commit", "End probation: what mtv left at the source is dropped.")
purge = _command("purge", "Remove what a rolled back migration left at the target.")
