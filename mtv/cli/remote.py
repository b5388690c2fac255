"""`--via`: a command line is understood here and done there. Files that it names travel; addresses, secrets and the
store are the engine's."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from mtv.errors import Refused
from mtv.files import replacing

HERE = ("completion",)  # what another machine has no part in
NEVER = ("serve", "rpc", "worker", "boot", "import")  # what belongs to the machine that it is typed on
WRITERS = ("create", "report", "export")  # commands whose file need not be there
FILE_LIMIT_BYTES = 32 << 20


def call(root: click.Group, context: click.Context, words: Sequence[str], via: str) -> int:
    """Its exit code."""
    from mtv.verbs.remote.reaching import session

    verb, *rest = words
    via = via if via.startswith("exec:") else f"kubevirt:{via}"
    if verb in NEVER:
        raise Refused("via.here", f"`mtv {verb}` is for the machine that it is typed on", "leave out --via")
    travelling = dict(_travelling(_leaf(root, context, words), verb, rest))
    if verb == "ui":
        return _ui(via)
    names = {word: f"@files/{number}/{Path(word).name}" for number, word in enumerate(travelling)}
    files = {names[word].partition("/")[2]: data for word, data in travelling.items() if data is not None}
    with session(via) as far:
        say = _Said({name: word for word, name in names.items()})
        code, made = far.command(verb, [_renamed(word, names) for word in rest], files, say)
    _keep(made, {name.partition("/")[2]: word for word, name in names.items()})
    return code


def _ui(via: str) -> int:
    from mtv.cli.commands.work import start_ui
    from mtv.verbs.remote.far import FarBoard
    from mtv.verbs.remote.reaching import session

    with session(via) as far:
        far.ask("hello")
        return start_ui(FarBoard(far))


def _leaf(root: click.Group, context: click.Context, words: Sequence[str]) -> click.Context:
    """The command's own context: wrong use is said here, and so is help."""
    command: click.Command = root
    rest = list(words)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        context = found.make_context(name, rest, parent=context)
        command, rest = found, [*context._protected_args, *context.args]
    return context


def _travelling(leaf: click.Context, verb: str, rest: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    """Words that name files, with what is in them; None: it is to be written."""
    for param in leaf.command.params:
        if not isinstance(param.type, click.Path) and param.name != "out":
            continue
        found = leaf.params.get(param.name or "")
        for one in found if isinstance(found, tuple) else (found,):
            word = _as_typed(str(one), rest) if one else ""
            path = Path(word)
            if word and path.is_file():
                yield word, _read(path)
            elif word and word != "-" and (verb in WRITERS or param.name == "out"):
                yield word, None


def _as_typed(value: str, rest: Sequence[str]) -> str:
    words = [*rest, *(word.partition("=")[2] for word in rest if word.startswith("--"))]
    return next((word for word in words if word and Path(word) == Path(value)), "")


def _read(path: Path) -> bytes:
    if path.stat().st_size > FILE_LIMIT_BYTES:
        raise Refused("rpc.files", f"{path} has more than {FILE_LIMIT_BYTES >> 20} MiB", "copy it there by other means")
    return path.read_bytes()


def _renamed(word: str, names: Mapping[str, str]) -> str:
    option, equals, value = word.partition("=")
    if equals and option.startswith("--") and value in names:
        return f"{option}={names[value]}"
    return names.get(word, word)


class _Said:
    """What it prints, with the names that were typed here."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words

    def __call__(self, stream: str, text: str) -> None:
        for name, word in self.words.items():
            text = text.replace(name, word)
        click.echo(text, nl=False, err=stream == "err")


def _keep(made: Mapping[str, bytes], names: Mapping[str, str]) -> None:
    """Only what was named; of a folder what lies in it."""
    for name, data in made.items():
        for known, word in names.items():
            if name == known or name.startswith(f"{known}/"):
                path = Path(word + name.removeprefix(known))
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path) as file:
                    file.write(data)
