"""The least roles, as a table: what for, which privilege, on which sort of object. docs/vsphere.md shows it to people.

Where a method's own privilege is known it is that of pyVmomi's type tables; `/folder` and ReconfigVM carry none there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mtv.errors import Refused

ROOT, VM, DATASTORE, HOST, CLUSTER = "root", "vm", "datastore", "host", "cluster"


@dataclass(frozen=True)
class Right:
    privilege: str
    on: str
    why: str


@dataclass(frozen=True)
class Role:
    name: str
    account: str  # control or copy
    says: str
    rights: Sequence[Right]

    @property
    def given(self) -> list[str]:
        """Its privileges, as a role of the server's holds them."""
        return _given(one.privilege for one in self.rights)


def _given(privileges: Iterable[str]) -> list[str]:
    """System.* rights are in every role, and cannot be given."""
    return [one for one in privileges if not one.startswith("System.")]


_READ = Right("System.Read", ROOT, "the inventory")
_TRACKED = Right("VirtualMachine.Provisioning.DiskRandomRead", VM, "which areas are in use, and what changed")
CONTROL = Role(
    "control", "control", "reads the inventory, switches VMs off and on, makes and drops points, fences",
    (
        _READ,
        Right("StorageProfile.View", ROOT, "storage policies"),
        Right("Global.Licenses", ROOT, "which features are licensed"),
        Right("Sessions.ValidateSession", ROOT, "to keep its session alive"),
        Right("VirtualMachine.Interact.PowerOff", VM, "guest shutdown and power off"),
        Right("VirtualMachine.Interact.PowerOn", VM, "to start it again when a move is undone"),
        Right("VirtualMachine.State.CreateSnapshot", VM, "points of a running VM"),
        Right("VirtualMachine.State.RemoveSnapshot", VM, "to drop points, and to consolidate"),
        Right("VirtualMachine.Interact.DeviceConnection", VM, "fence: its NICs are disconnected"),
        Right("VirtualMachine.Config.Rename", VM, "fence: it is renamed"),
        Right("VirtualMachine.Config.AdvancedConfig", VM, "fence: what was is noted in the VM itself"),
        Right("Host.Config.AutoStart", HOST, "fence: it does not start with its host"),
        Right("Host.Inventory.EditCluster", CLUSTER, "fence: HA and DRS leave it alone"),
    ),
)  # fmt: skip
VDDK = Role(
    "vddk", "copy", "reads disks by VMware's library, of running VMs too",
    (
        Right("System.Read", VM, "to find the VM"),
        _TRACKED,
        Right("VirtualMachine.Provisioning.GetVmFiles", VM, "to open its files for reading"),
        Right("VirtualMachine.Config.DiskLease", VM, "to lock a disk while it is read"),
        Right("Datastore.Browse", DATASTORE, "to find its files"),
        Right("Datastore.FileManagement", DATASTORE, "to read them"),
    ),
)  # fmt: skip
FOLDER = Role(
    "folder", "copy", "reads flat files of VMs that are off by HTTPS",
    (
        Right("System.Read", VM, "to find the VM"),
        _TRACKED,
        Right("Datastore.Browse", DATASTORE, "to find its files"),
        Right("Datastore.FileManagement", DATASTORE, "to read them"),
    ),
)  # fmt: skip
EXPORT = Role(
    "export", "copy", "reads a VM as a stream by an export lease",
    (Right("System.Read", VM, "to find the VM"), Right("VApp.Export", VM, "the lease")),
)  # fmt: skip
SSH = Role("ssh", "copy", "reads flat files of VMs that are off by SSH: an account of the ESXi itself, no role", ())
WAYS = {role.name: role for role in (VDDK, FOLDER, EXPORT, SSH)}
ROLES = {CONTROL.name: CONTROL, **WAYS}


def role(name: str) -> Role:
    """Raises Refused `vsphere.role`."""
    if name not in ROLES:
        raise Refused("vsphere.role", f"there is no role '{name}': there are {', '.join(ROLES)}")
    return ROLES[name]


def text(of: Role, account: str = "VSPHERE.LOCAL\\mtv") -> str:
    """The role for people, with the lines that make it and give it by govc and by PowerCLI."""
    if not of.rights:
        return f"role {of.name}, for the {of.account} account: {of.says}\n"
    width = max(len(one.privilege) for one in of.rights)
    rows = [f"  {one.privilege:{width}}  on {one.on:9}  {one.why}" for one in of.rights]
    lines = [*govc(f"mtv-{of.name}", account, of.given, "/"), *powercli(f"mtv-{of.name}", account, of.given)]
    return "\n".join([f"role {of.name}, for the {of.account} account: {of.says}", *rows, "", *lines]) + "\n"


def govc(role: str, account: str, privileges: Sequence[str], path: str) -> list[str]:
    given = " ".join(_given(privileges))
    return [
        "govc:",
        f"  govc role.create {role} {given}".rstrip(),
        f"  govc permissions.set -principal '{account}' -role {role} -propagate=true {path}",
    ]


def powercli(role: str, account: str, privileges: Sequence[str]) -> list[str]:
    given = ", ".join(f"'{one}'" for one in _given(privileges))
    return [
        "PowerCLI:",
        f"  New-VIRole -Name {role} -Privilege (Get-VIPrivilege -Id {given})",
        f"  New-VIPermission -Entity (Get-Folder -NoRecursion) -Principal '{account}' -Role {role} -Propagate $true",
    ]
