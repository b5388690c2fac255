"""Where a cluster is and who we are there, as its kubeconfig says it: data, nothing opened yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A program that tells who we are: kubeconfig's `exec`."""

    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = "client.authentication.k8s.io/v1"
    hint: str = ""
    interactive: str = "IfAvailable"
    wants_cluster: bool = False


@dataclass(frozen=True, kw_only=True)
class User:
    """Of these there may be several: a certificate for TLS, and one that goes into a header."""

    name: str = ""
    token: str = field(default="", repr=False)
    token_file: str = ""
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    certificate_file: str = ""
    key_file: str = ""
    account: str = ""
    password: str = field(default="", repr=False)
    plugin: Plugin | None = None
    acts_as: str = ""
    acts_in: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Access:
    """`where` is what people are told: the context's name, or the file."""

    where: str
    server: str
    user: User
    namespace: str = "default"
    ca: bytes = field(default=b"", repr=False)
    ca_file: str = ""
    insecure: bool = False
    server_name: str = ""  # that the certificate is for, where it is not the host's
    proxy: str = ""
    cluster: str = ""  # its name in the kubeconfig
