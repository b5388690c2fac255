"""Clusters: what balances and restarts VMs, and which VMs they keep together or apart."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mtv.model.infrastructure import Cluster, Rule
from mtv.providers.vsphere.objects.elements import (
    Props,
    all_of,
    fields,
    flag,
    kind,
    number,
    reference,
    references,
    text,
    unescaped,
)  # fmt: skip
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.reading.tree import Tree
from mtv.providers.vsphere.wire.answer import VIM, Element

PATHS = ("name", "parent", "host", "configurationEx", "summary.totalCpu", "summary.totalMemory",
         "summary.currentEVCModeKey")  # fmt: skip
TOGETHER = {"ClusterAffinityRuleSpec": "together", "ClusterAntiAffinityRuleSpec": "apart",
            "ClusterVmHostRuleInfo": "hosts", "ClusterDependencyRuleInfo": "after"}  # fmt: skip


@dataclass(frozen=True)
class Read:
    cluster: Cluster
    rules: tuple[Rule, ...]
    priorities: Mapping[str, str]  # by VM


def cluster(found: Found, source: str, tree: Tree, hosts: Mapping[str, str]) -> Read:
    props, config = found.props, fields(found.props.get("configurationEx"))
    drs, das, dpm = (fields(config.get(name)) for name in ("drsConfig", "dasConfig", "dpmConfigInfo"))
    name = unescaped(text(props, "name"))
    made = Cluster(
        source=source,
        id=found.ref,
        name=name,
        datacenter=tree.datacenter(found.ref),
        balances=text(drs, "defaultVmBehavior") or "on" if flag(drs, "enabled") else "",
        restarts=flag(das, "enabled"),
        admission=flag(das, "admissionControlEnabled"),
        evc=text(props, "summary.currentEVCModeKey"),
        power_saving=flag(dpm, "enabled"),
        hosts=tuple(hosts.get(one, one) for one in references(props.get("host"))),
        cpu_mhz=number(props, "summary.totalCpu"),
        memory_bytes=number(props, "summary.totalMemory"),
    )
    rules = tuple(_rules(found.props.get("configurationEx"), made))
    return Read(made, rules, dict(_priorities(found.props.get("configurationEx"))))


def rules_by_vm(rules: list[Rule]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for vm in rule.vms:
            if rule.enabled:
                found[vm].append(rule.name)
    return {vm: tuple(names) for vm, names in found.items()}


def _rules(config: Element | None, of: Cluster) -> Iterator[Rule]:
    groups = {text(fields(one), "name"): one for one in all_of(config, "group")}
    for one in all_of(config, "rule"):
        told = fields(one)
        vms = tuple(str(vm) for vm in _members(one, told, groups, "vmGroupName", "vm"))
        hosts = tuple(str(host) for host in _members(one, told, groups, "affineHostGroupName", "host")) or tuple(
            str(host) for host in _members(one, told, groups, "antiAffineHostGroupName", "host")
        )
        yield Rule(
            source=of.source, id=f"{of.id}/{text(told, 'key')}", name=text(told, "name"), cluster=of.name,
            kind=TOGETHER.get(kind(one), "") + ("-not" if "antiAffineHostGroupName" in told else ""),
            enabled=flag(told, "enabled"), mandatory=flag(told, "mandatory"), vms=vms,
            hosts=hosts if "vmGroupName" in told else (),
        )  # fmt: skip


def _members(rule: Element, told: Props, groups: Mapping[str, Element], name: str, of: str) -> list[str]:
    group = groups.get(text(told, name)) if name in told else rule if of == "vm" else None
    found = [reference(one) for one in all_of(group, of)]
    return [one for one in found if one is not None]


def _priorities(config: Element | None) -> Iterator[tuple[str, str]]:
    """Only VMs that differ from their cluster's own setting have one."""
    for one in all_of(config, "dasVmConfig"):
        told = fields(one)
        of = reference(told.get("key"))
        found = one.findtext(f"{VIM}dasSettings/{VIM}restartPriority") or text(told, "restartPriority")
        if of and found and found != "clusterRestartPriority":
            yield of, found
