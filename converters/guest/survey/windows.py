"""What a Windows guest's registry says: its host name, and whether drivers for virtio are there to boot with."""

from mtv.converters.guest.appliance.handle import Handle

_BOOT_START = 0
_STORE = ("DriverDatabase", "DriverPackages")


def drivers(handle: Handle, root: str) -> tuple[str, ...]:
    """viostor or vioscsi, where they start at boot; netkvm, where it is in the driver store or installed. The root
    must be mounted."""
    handle.hivex_open(handle.case_sensitive_path(handle.inspect_get_windows_system_hive(root)))
    try:
        control = handle.inspect_get_windows_current_control_set(root)
        found = [name for name in ("viostor", "vioscsi") if _starts_at_boot(handle, control, name)]
        stored = (name.lower() for name in _children(handle, _STORE))
        if any(name.startswith("netkvm.inf") for name in stored) or _node(handle, (control, "Services", "netkvm")):
            found.append("netkvm")
        return tuple(found)
    finally:
        handle.hivex_close()


def _starts_at_boot(handle: Handle, control: str, name: str) -> bool:
    node = _node(handle, (control, "Services", name))
    value = handle.hivex_node_get_value(node, "Start") if node else 0
    return bool(value) and int.from_bytes(handle.hivex_value_value(value), "little") == _BOOT_START


def _children(handle: Handle, path: tuple[str, ...]) -> list[str]:
    node = _node(handle, path)
    return [handle.hivex_node_name(child["hivex_node_h"]) for child in handle.hivex_node_children(node)] if node else []


def _node(handle: Handle, path: tuple[str, ...]) -> int:
    """0 where it is not."""
    node = handle.hivex_root()
    for name in path:
        node = handle.hivex_node_get_child(node, name) if node else 0
    return node
