"""What follows `kubevirt:`: a context, or a kubeconfig of its own, and the namespace that is meant.

CONTEXT   PATH   PATH#CONTEXT   in-cluster   and behind any of them ?namespace=NS
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import Refused

IN_CLUSTER = "in-cluster"
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Address:
    """Without a file it is $KUBECONFIG or ~/.kube/config; without a context the current one."""

    context: str = ""
    file: str = ""
    namespace: str = ""


def read_address(given: str) -> Address:
    """Raises Refused `kubevirt.address`."""
    where, mark, query = given.partition("?")
    key, _, namespace = query.partition("=")
    if mark and (key != "namespace" or not _NAMESPACE.fullmatch(namespace)):
        raise Refused(
            "kubevirt.address", f"address '{given}': behind '?' is no namespace", "write CONTEXT?namespace=NAME"
        )
    if "://" in where:
        raise Refused(
            "kubevirt.address", f"address '{given}' is a URL: a cluster is named by a context of the kubeconfig",
            "kubectl config get-contexts lists them",
        )  # fmt: skip
    file, _, context = where.partition("#")
    if _is_file(file):
        return Address(context, os.path.abspath(os.path.expanduser(file)), namespace)
    return Address(where, "", namespace)


def settled(given: str) -> str:
    """The address as it stays right when a run goes on from another folder."""
    read_address(given)
    where, mark, query = given.partition("?")
    file, hash_, context = where.partition("#")
    if not _is_file(file):
        return given
    return os.path.abspath(os.path.expanduser(file)) + hash_ + context + mark + query


def _is_file(word: str) -> bool:
    """Contexts may have slashes and colons: default/api-lab:6443/admin."""
    return word.startswith(("/", "./", "../", "~")) or (word != "" and Path(word).is_file())
