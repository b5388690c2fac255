"""What the documents and examples say is so."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from mtv.cli import cli
from mtv.cli.table import TABLE
from tests.errorcodes import raised

ROOT = Path(__file__).parents[1]
FOLDERS = ("mtv", "providers", "converters", "plans", "ui")
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
LATER = {"rehearse", "simulate", "forecast", "diff", "lock"}  # design.md's verbs


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
    """A link to a folder reaches what lies in it; one to a place of its own page reaches nothing."""
    reached, left = set[Path](), [ROOT / "README.md"]
    while left:
        page = left.pop()
        if page.is_dir():
            left += page.glob("*.md")
        elif page not in reached and page.suffix == ".md" and page.is_file():
            reached.add(page)
            targets = (link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()))
            left += [(page.parent / target).resolve() for target in targets if target and "://" not in target]
    assert set(tracked("docs/*.md")) - reached == set()


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


def test_every_error_code_is_documented_with_its_kind_and_none_is_invented() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+\.[a-z0-9-]+)` \| ([a-z, ]+) \|", (ROOT / "docs/errors.md").read_text(), re.M)
    assert len(rows) == len(dict(rows))
    in_source = raised(tracked(*(f"{folder}/**.py" for folder in FOLDERS)))
    assert dict(rows) == {code: ", ".join(sorted(kinds)) for code, kinds in in_source.items()}
