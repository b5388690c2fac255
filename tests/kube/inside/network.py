"""The network of the namespace. Nothing leads out of it: Pods reach each other, the apiserver and servers of tests."""

import ctypes
import os
import socket
import subprocess

NODE = "10.88.0.1"
PODS = "10.88.0.0/24"
SERVICES = "10.0.0.0/24"
APISERVER = (
    "10.0.0.1"  # the address of the Service "kubernetes"; the apiserver itself has it, so that no rule must lead there
)
CLONE_NEWNET = 0x40000000

# Said, the bridge's MAC stays. Else it is the lowest of its ports', and as Pods come and go it changes: what a Pod has
# learnt of its gateway leads nowhere then, for up to a minute.
MAC = "0a:58:0a:58:00:01"

LINKS = f"""
link set lo up
addr add {APISERVER}/32 dev lo
link add cni0 address {MAC} type bridge
addr add {NODE}/24 dev cni0
link set cni0 up
"""


def bring_up() -> None:
    subprocess.run(["ip", "-batch", "-"], input=LINKS, text=True, check=True)


def enter(network: int) -> None:
    """This thread's next sockets belong to that network; Python 3.11 has no setns."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def socket_of(network: int) -> socket.socket:
    """A socket that belongs to another network, where it stays."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        enter(network)
        return socket.socket()
    finally:
        enter(own)
        os.close(own)
