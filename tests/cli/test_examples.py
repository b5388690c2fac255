"""The example of each command's help, typed as it stands there."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from mtv.cli import cli
from tests.cli.sandbox import Said, Sandbox
from tests.cli.scenes import SCENES
from tests.cli.screen import screen

Commands = tuple[str, ...]

ASKS = {"cutover", "cancel", "rollback", "purge"}  # a question, and here is no terminal: --yes
HEAVY = {"inspect", "boot"}  # they start an appliance, or QEMU
ELSEWHERE = {"import"}  # it needs a cluster: test_import types it
CODES = {"inspect": {1}, "boot": {1}, "doctor": {0, 1}}
"""Where 0 is not what an example ends with: exports/db01.ova holds no guest, and nobody knows this machine."""


def commands(command: click.Command, path: Commands = ()) -> Iterator[tuple[Commands, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


ALL = dict(commands(cli))
named = pytest.mark.parametrize("path", ALL, ids=" ".join)


def examples(path: Commands) -> list[str]:
    epilog = ALL[path].epilog or ""
    return [line.strip() for line in epilog.partition("Example:\n")[2].splitlines()]


@named
def test_each_help_ends_with_an_example_of_that_command(path: Commands) -> None:
    with click.Context(ALL[path], info_name=" ".join(("mtv", *path)), max_content_width=100) as context:
        told = ALL[path].get_help(context)
    found = examples(path)
    assert found
    assert told.endswith("Example:\n" + "\n".join(f"    {line}" for line in found)), "it stands there as it is typed"
    assert any(" ".join(("mtv", *path)) in line for line in found)


@named
def test_each_help_is_shown(path: Commands) -> None:
    said = CliRunner().invoke(cli, [*path, "--help"], prog_name="mtv", catch_exceptions=False)
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout.startswith(f"Usage: {' '.join(('mtv', *path))}")


def scenes() -> Iterator[object]:
    for path in ALL:
        if path and path[0] not in ELSEWHERE and not isinstance(ALL[path], click.Group):
            marks = [pytest.mark.appliance] if path[0] in HEAVY else []
            yield pytest.param(path, id=" ".join(path), marks=marks)


@pytest.mark.parametrize("path", scenes())
def test_each_example_does_what_it_says(path: Commands, box: Sandbox) -> None:
    verb = path[0]
    (SCENES.get(" ".join(path)) or SCENES[verb])(box)
    for line in examples(path):
        said = typed(box, line, verb)
        assert said.code in CODES.get(verb, {0}), said
        assert "Traceback" not in said.out + said.err


def typed(box: Sandbox, line: str, verb: str) -> Said:
    if verb == "ui":
        with screen(shlex.split(line), box.folder, box.env) as seen:
            seen.until(lambda shown: "demo-1" in shown, "the run is shown")
            seen.press("q")
            return Said(seen.wait(), "", "")
    return box.sh(["bash", "-c", line + {"boot": " --timeout 3"}.get(verb, " --yes" if verb in ASKS else "")])


def test_an_example_of_the_whole_goes_from_nothing_to_a_moved_vm(box: Sandbox) -> None:
    first, second = examples(())
    assert box.sh(["bash", "-c", first]).code == 0
    plan = box.folder / "plan.yaml"
    plan.write_text(plan.read_text().replace("conversion: auto", "conversion: none"))
    done = box.sh(["bash", "-c", second])
    assert done.code == 0, done
    assert (box.folder / "out" / "db01" / "disk0.raw").exists()


def test_help_is_quick_because_it_imports_next_to_nothing(box: Sandbox) -> None:
    code = (
        "import sys; from mtv.cli import main; main(['--help']); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    said = box.sh(["python", "-P", "-c", code])
    assert "Usage: mtv" in said.out
    imported = set(said.err.split())
    assert {"click", "mtv"} <= imported
    heavy = {"pydantic", "textual", "rich", "sqlite3", "sqlite_utils", "yaml", "cattrs", "nbd", "guestfs", "blake3",
             "cryptography", "jsonschema", "defusedxml", "isal", "asyncio"}  # fmt: skip
    assert imported & heavy == set()


def test_what_only_reads_starts_without_what_writes(box: Sandbox) -> None:
    SCENES["status"](box)
    for words in (["get", "runs"], ["status"], ["why", "demo-1"], ["logs", "demo-1"]):
        code = (
            f"import sys; from mtv.cli import main; main({words!r}); "
            "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
        )
        imported = set(box.sh(["python", "-P", "-c", code]).err.split())
        assert "sqlite3" in imported
        heavy = {"pydantic", "textual", "sqlite_utils", "cattrs", "yaml", "blake3", "cryptography", "xlsxwriter",
                 "jinja2"}  # fmt: skip
        assert imported & heavy == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_the_shells_own(shell: str, box: Sandbox) -> None:
    script = box.mtv("completion", shell)
    assert script.code == 0
    (box.folder / "script").write_text(script.out)
    checked = box.sh(["sh", "-c", f"command -v {shell} > /dev/null || exit 0; exec {shell} -n script"])
    assert checked.code == 0, checked
    assert re.search(r"_MTV_COMPLETE=\w+_complete", script.out)


@pytest.mark.parametrize(
    ("shell", "words", "place"),
    [("bash", "mtv cut", "1"), ("zsh", "mtv cut", "1"), ("fish", "mtv cut", "cut")],
)
def test_verbs_are_completed(shell: str, words: str, place: str, box: Sandbox) -> None:
    box.extra = {"_MTV_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": place}
    assert re.search(r"\bcutover\b", box.mtv().out)


def test_bash_completes_verbs_and_options(box: Sandbox) -> None:
    script = """
        eval "$(mtv completion bash)"
        complete_() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _mtv_completion mtv; }
        complete_ mtv cu; echo "${COMPREPLY[@]}"
        complete_ mtv run --det; echo "${COMPREPLY[@]}"
    """
    assert box.sh(["bash", "-c", script]).out == "cutover\n--detach\n"
