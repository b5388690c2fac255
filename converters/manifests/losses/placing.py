"""Hosts, rules of clusters, what restarts and what balances."""

from collections.abc import Iterator, Sequence

from mtv.converters.manifests.losses.rule import Rule, info, listed, warning
from mtv.converters.manifests.parts.placing import node_rules, run_strategy
from mtv.converters.manifests.shape import Shape
from mtv.model.estate import Concern

KNOWN = ("together", "apart", "hosts", "hosts-not")


def _restart(found: Shape) -> Iterator[Concern]:
    if found.wanted.run == "auto" and run_strategy(found) == "Always":
        yield info(
            "run-strategy",
            "its cluster restarts it, so it is to run always: a guest that shuts itself down is started again",
            "`machine: {run: RerunOnFailure}` leaves it off",
        )


def _priority(found: Shape) -> Iterator[Concern]:
    told = found.vm.restart_priority
    if told not in ("", "medium", "disabled") and not found.wanted.priority:
        yield info("restart-priority", f"its restart priority is {told[:40]}: the manifest has none",
                   "map it: `machine: {priorities: [{from: high, to: CLASS}]}`")  # fmt: skip
    if found.wanted.priority:
        yield info("priority-class", f"the PriorityClass '{found.wanted.priority}' must be there, or the VM never"
                   " starts; where room is short it drives out what has a lower one")  # fmt: skip


def _tolerance(found: Shape) -> Iterator[Concern]:
    if found.vm.fault_tolerant:
        yield warning("fault-tolerance", "a second VM followed it in step: here it is restarted when its node fails")


def _balance(found: Shape) -> Iterator[Concern]:
    if found.near.balances not in (None, ""):
        yield info("balance", f"its cluster balances hosts ({str(found.near.balances)[:40]}): here a descheduler must"
                   " be installed, which reads the annotation that says whether it may move this VM")  # fmt: skip


def _apart(found: Shape) -> Iterator[Concern]:
    for bond in found.near.bonds:
        if bond.kind == "apart" and bond.mandatory:
            yield warning("rule-apart", f"rule '{bond.name[:60]}' must keep {bond.vms} VMs apart: that needs so many"
                          " nodes, and one more to move a VM from one to another")  # fmt: skip


def _members(found: Shape) -> Iterator[Concern]:
    if told := [bond.name for bond in found.near.bonds if bond.kind in ("together", "apart")]:
        yield info("rule-members", f"these rules hold for VMs that mtv moved into the same namespace: {listed(told)}")


def _hosts(found: Shape) -> Iterator[Concern]:
    mapped = {bond.name for bond, _ in node_rules(found)}
    left = [bond for bond in found.near.bonds if bond.kind.startswith("hosts") and bond.name not in mapped]
    for bond in left:
        if found.wanted.rules.get(bond.name) != "none":
            yield warning("rule-hosts", f"rule '{bond.name[:60]}' is about hosts of the source and stays behind",
                          "map it: `machine: {rules: [{from: RULE, to: KEY=VALUE}]}`")  # fmt: skip
    named = {bond.name for bond in found.near.bonds if bond.kind in KNOWN}
    others = [name for name in found.vm.rules if name not in named]
    others += [bond.name for bond in found.near.bonds if bond.kind not in KNOWN and bond.name not in others]
    if others:
        yield warning("rule-left", f"these rules stay behind: {listed(others)}")


def _app(found: Shape) -> Iterator[Concern]:
    if found.vm.app:
        yield info("app", f"the vApp '{found.vm.app[:60]}' started its VMs in an order: nothing does so here")


def _services(found: Shape) -> Iterator[Concern]:
    if found.wanted.services and not any(nic.pod for nic in found.nics):
        yield warning("service", "it has no card on the pod network: its Services lead nowhere",
                      "map a network to `pod` or `udn`")  # fmt: skip


def _agent(found: Shape) -> Iterator[Concern]:
    beat = found.wanted.heartbeat
    if beat == "agent" and found.plan.guest.agent == "none":
        yield warning("heartbeat", "its life is asked for by QEMU's agent, and the plan does not install that:"
                      " a guest without it is restarted again and again")  # fmt: skip
    elif beat != "none":
        yield info("heartbeat", f"a guest that is silent is restarted (by its {beat})")


def _snapshot(found: Shape) -> Iterator[Concern]:
    if found.wanted.snapshot == "none":
        return
    if found.plan.start == "never" or (found.plan.start == "as_source" and found.vm.power != "on"):
        yield warning("snapshot", "it is not started, so no snapshot is taken after its first boot",
                      "`start: always` starts it")  # fmt: skip
        return
    frozen = "" if found.plan.guest.agent == "install" else "; no agent freezes its file systems meanwhile"
    yield info("snapshot", f"a run takes a snapshot once its guest was asked, and holds it where that fails{frozen};"
               " its manifests, as they are exported, take none", "accept this, and a run goes on without")  # fmt: skip


RULES: Sequence[Rule] = (
    _restart, _priority, _tolerance, _balance, _apart, _members, _hosts, _app, _services, _agent, _snapshot,
)  # fmt: skip
