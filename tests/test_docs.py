"""What the documents and examples say is so."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtv.cli import cli
from mtv.cli.commands import TABLE

ROOT = Path(__file__).parents[1]
FOLDERS = ("mtv", "providers", "converters", "plans", "ui")
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
LATER = {"serve", "rehearse", "simulate", "forecast", "report", "export", "import", "diff", "lock"}  # design.md's verbs

ERRORS = {"MtvError", "Refused", "CheckFailed", "Temporary", "Held", "Cancelled", "Fault"}
CODE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+")


def tracked(*patterns: str) -> list[Path]:
    argv = ["git", "ls-files", "-z", *patterns]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    return [file for file in files if file.is_file() and not file.is_symlink()]


PAGES = tracked("*.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    for link in (link for link in links if "://" not in link):
        target, _, anchor = link.partition("#")
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name} leads to {link}"
        if anchor:
            headings = [re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
                        for line in there.read_text().splitlines() if line.startswith("#")]  # fmt: skip
            assert anchor in headings, f"{page.name} leads to {link}"


def test_every_page_is_reachable_from_the_readme() -> None:
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            if page.is_dir():
                left += page.glob("*.md")
            continue
        reached.add(page)
        left += [(page.parent / link.partition("#")[0]).resolve()
                 for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()) if "://" not in link]  # fmt: skip
    assert set(tracked("docs/*.md")) <= reached


def test_every_command_that_is_named_exists() -> None:
    for page in PAGES:
        for verb in re.findall(r"`mtv ([a-z]+)|^ +(?:\.venv/bin/)?mtv ([a-z]+)", page.read_text(), re.MULTILINE):
            name = next(filter(None, verb))
            assert name in TABLE or name in LATER, f"{page.name} names mtv {name}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"`make ([a-z]+)`|^ +make ([a-z]+)", page.read_text(), re.MULTILINE)
        assert {next(filter(None, pair)) for pair in named} <= targets, page.name


@pytest.mark.parametrize("plan", EXAMPLES, ids=lambda plan: plan.stem)
def test_every_example_lints_from_an_empty_store(plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    done = CliRunner().invoke(cli, ["lint", f"examples/{plan.name}"], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_the_demos_plan_is_the_readmes() -> None:
    (shown,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert (ROOT / "scripts/demo.yaml").read_text().partition("\n")[2] == shown


def test_no_place_of_one_machine_is_named() -> None:
    """Nor a package registry: whoever builds this has their own."""
    wrong = re.compile(
        r"/(?:work|root|home)/[a-z]|(?:pypi|pythonhosted|deb\.debian|docker|quay|ghcr|npmjs)\.(?:org|io)"
    )
    allowed = {ROOT / "uv.lock", Path(__file__)}  # the lock file names where its hashes are from
    for file in set(tracked()) - allowed:
        text = file.read_bytes().decode(errors="replace")
        assert not (found := wrong.search(text)), f"{file.relative_to(ROOT)}: {found and found[0]}"


def raised() -> Iterator[str]:
    """Codes of all errors in the source, in place of a computed one the f-string's pattern."""
    for file in tracked(*(f"{folder}/**.py" for folder in FOLDERS)):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and node.args and _name(node.func) in ERRORS:
                yield from _codes(node.args[0])


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def _codes(argument: ast.expr) -> Iterator[str]:
    match argument:
        case ast.Constant(str(code)):
            yield code
        case ast.IfExp(body=one, orelse=other):
            yield from (*_codes(one), *_codes(other))
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def documented() -> list[str]:
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    return [row for row in rows if CODE.fullmatch(row)]


def test_every_error_code_is_documented_once_and_none_is_invented() -> None:
    codes, rows = set(raised()), documented()
    literal = {code for code in codes if "*" not in code}
    assert literal - set(rows) == set()
    assert len(rows) == len(set(rows))
    computed = [re.compile(code.replace(".", r"\.").replace("*", "[a-z0-9-]+")) for code in codes if "*" in code]
    source = "\n".join(file.read_text() for file in tracked(*(f"{folder}/**.py" for folder in FOLDERS)))
    for row in set(rows) - literal:
        assert any(pattern.fullmatch(row) for pattern in computed), f"no error has the code {row}"
        assert f'"{row.partition(".")[2]}"' in source, f"no error has the code {row}"
