"""How a provider is logged in to: everything but the secrets, which come by name beside it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Login:
    """`user` steers and never leaves the engine; `copy_user` only reads disks, and is what workers get. Secrets are
    `password` and `copy-password`. The certificate is held against `ca`, `fingerprint`, or the system's CAs."""

    user: str = ""
    copy_user: str = ""
    ca: str = ""
    fingerprint: str = ""  # SHA-256
    insecure: bool = False
