"""Plan files that are wrong, typed at: each problem with its place, exit 2, no run, nothing made."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mtv.cli import main
from tests.cli.sandbox import Sandbox


def lines(**changes: str) -> str:
    keys = {
        "apiVersion": "mtv/v1", "name": "demo", "source": "ova:exports", "target": "bundle:out", "vms": "[db01]",
        "networks": '[{from: "*", to: pod}]', "storage": "[{from: ova, to: raw}]", "guest": "{conversion: none}",
        **changes,
    }  # fmt: skip
    return "".join(f"{key}: {value}\n" for key, value in keys.items() if value)


BOMB = "\n".join(
    ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
)  # fmt: skip

BAD: dict[str, tuple[str | bytes, str]] = {
    "misspelt": (lines(storge="[]"), "plan.yaml:9:1: unknown key 'storge': did you mean 'storage'?"),
    "misspelt-inside": (
        lines(guest="{convertion: none}"), "plan.yaml:8:9: unknown key 'convertion': did you mean 'conversion'?",
    ),
    "wrong-type": (lines(vms="db01"), "plan.yaml:5:1: 'vms' is 'db01'"),
    "wrong-word": (lines(journey="hot"), "plan.yaml:9:1: 'journey' is 'hot': it must be 'cold' or 'warm'"),
    "missing-key": (lines(source=""), "key 'source' is missing"),
    "later": (lines(hooks="[{run: x}]"), "plan.yaml:9:1: key 'hooks': this version cannot do hooks"),
    "aliases": (BOMB, "aliases or nesting make this file explode"),
    "duplicate": (lines() + "vms: [web]\n", "plan.yaml:9:1: duplicate key 'vms'"),
    "tab": (lines() + "limits:\n\tper_host: 1\n", "plan.yaml:10:1: found a tab: indent with spaces"),
    "no-yaml": ("{", "plan.yaml:"),
    "no-text": (b"\xff\xfe\x00", "plan.yaml is no UTF-8 text: byte 0"),
    "empty": ("", "plan.yaml is empty"),
    "no-mapping": ("- a\n- b\n", "a plan is a mapping of keys"),
    "unknown-network": (
        lines(networks='[{from: "*", to: pod}, {from: VLAN-121, to: pod}]'),
        "plan.yaml:6:35: the source has no network 'VLAN-121': did you mean 'VLAN-120'?",
    ),
    "unknown-map": (
        lines(networks="[{from: VLAN-120, to: the-moon}]"),
        "'the-moon' is no network: write pod, none, nad:NAMESPACE/NAME, sriov: or udn",
    ),
    "no-map": (lines(storage="[]"), "VM 'db01': datastore 'ova' has no row in 'storage'"),
    "unknown-storage": (lines(storage="[{from: ova, to: ceph}]"), "'ceph' is no storage there: write raw or qcow2"),
    "unknown-vm": (lines(vms="[db02]"), "plan.yaml:5:7: no VM is named 'db02': did you mean 'db01'?"),
    "ambiguous-vm": (lines(source="ova:twins"), "plan.yaml:5:7: 2 VMs are named 'db01': write one of 'db01@"),
    "no-vm": (lines(vms="", select="\"name = 'nobody'\""), "'select' finds no VM"),
    "bad-select": (lines(vms="", select="\"nme = 'db01'\""), "did you mean 'name'"),
    "unknown-source": (lines(source="vc01"), "there is no provider 'vc01'"),
    "unknown-kind": (lines(target="floppy:out"), "there is no provider 'floppy:out'"),
    "nothing-there": (lines(source="ova:nowhere"), "nowhere: no such file or folder"),
    "warm-from-an-ova": (lines(journey="warm"), "cannot be moved warm"),
}  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    box = Sandbox(tmp_path_factory.mktemp("plans"))
    twins = box.folder / "twins"
    twins.mkdir()
    for name in ("one.ova", "two.ova"):
        (twins / name).write_bytes((box.folder / "exports" / "db01.ova").read_bytes())
    return box


@pytest.fixture
def typed(
    shelf: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """mtv in this process, in a folder of its own beside the shelf's exports."""
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    for name in ("exports", "twins"):
        (tmp_path / name).symlink_to(shelf.folder / name)
    monkeypatch.chdir(tmp_path)

    def mtv(*words: str) -> tuple[int, str, str]:
        code = main([*words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return mtv


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_plan_is_refused_by_every_verb_that_reads_it(
    typed: Callable[..., tuple[int, str, str]], name: str, tmp_path: Path
) -> None:
    content, said = BAD[name]
    Path("plan.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    for words in (("lint",), ("run",), ("run", "--dry-run"), ("run", "--detach"), ("describe", "plan")):
        code, out, err = typed(*words, "plan.yaml")
        assert code == 2, (words, out, err)
        assert said in out + err, words
    assert typed("get", "runs", "-o", "json")[:2] == (0, "[]\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "exports", "plan.yaml", "twins"]


def test_lint_tells_all_problems_at_once_as_data(typed: Callable[..., tuple[int, str, str]]) -> None:
    Path("plan.yaml").write_text(lines(vms="[db02]", storage="[{from: ova, to: ceph}]"))
    code, out, _ = typed("lint", "plan.yaml", "-o", "csv")
    assert code == 2
    assert [row.partition(",")[0] for row in out.splitlines()] == ["where", "plan.yaml:5:7", "plan.yaml:7:23"]


def test_a_plan_that_is_not_there_says_how_to_write_one(typed: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = typed("run", "gone.yaml")
    assert (code, err.splitlines()) == (
        2, ["mtv: gone.yaml: no such file or directory", "     mtv create plan gone.yaml --from SOURCE --to TARGET"],
    )  # fmt: skip
