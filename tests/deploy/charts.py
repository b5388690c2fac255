"""helm itself, built from the Go modules that its go.sum names, and what it makes of the chart. `python -m
tests.deploy.charts` writes what is made of other things: the chart's rules, and deploy/mtv.yaml."""

import subprocess
from pathlib import Path

import yaml

from mtv.providers.kubevirt.rights.roles import ROLES, role
from tests.guests.cache import kept
from tests.kube.api import Object
from tests.vcenter.building import environment, toolchain, version_of

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy/chart"
SOURCE = Path(__file__).parent / "helm"
PLAIN = ("mtv", "--namespace=mtv", "--set=createNamespace=true")  # of the release that the plain YAML is
RULES = {"ClusterRole": CHART / "files/cluster.yaml", "Role": CHART / "files/namespace.yaml"}
HEAD = """# The chart's objects for who has no helm, with the values of deploy/chart/values.yaml: put your image where
# localhost/mtv:latest stands, and apply it with: kubectl apply --server-side -f mtv.yaml
# Made of the chart by scripts/plain-yaml; do not edit.
"""


def helm() -> Path:
    go = toolchain()
    parts: list[Path | str] = [SOURCE / "go.mod", SOURCE / "go.sum", ".".join(map(str, version_of(go)))]
    return kept("helm", parts, lambda folder: _build(go, folder)) / "helm"


def _build(go: Path, folder: Path) -> None:
    argv: list[str | Path] = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", folder / "helm"]
    done = subprocess.run(
        [*argv, "helm.sh/helm/v3/cmd/helm"], cwd=SOURCE, capture_output=True, text=True, check=False, env=environment()
    )
    if done.returncode:
        raise RuntimeError(f"helm does not build: {done.stderr}")


def called(*words: str) -> str:
    """What helm prints. Raises CalledProcessError."""
    return subprocess.run([helm(), *words], capture_output=True, text=True, check=True).stdout


def text(*options: str) -> str:
    return called("template", "--kube-version=1.34", *options, str(CHART))


def objects(*options: str) -> list[Object]:
    return [one for one in yaml.safe_load_all(text(*options)) if one]


def rules(kind: str) -> list[Object]:
    """Of all Roles, or all ClusterRoles, that mtv describe role --kind kubevirt prints."""
    printed = [one for name in ROLES for one in yaml.safe_load_all(role(name)) if one]
    return [rule for one in printed if one["kind"] == kind for rule in one["rules"]]


def write() -> None:
    for kind, file in RULES.items():
        file.write_text("# Made by scripts/plain-yaml of what mtv describe role --kind kubevirt prints.\n")
        with file.open("a") as out:
            yaml.safe_dump(rules(kind), out, default_flow_style=None, sort_keys=False, width=110)
    (ROOT / "deploy/mtv.yaml").write_text(HEAD + text(*PLAIN))


if __name__ == "__main__":
    write()
