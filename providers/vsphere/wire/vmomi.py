"""pyVmomi over our own connections and our own session: its calls are checked as all others are.

Its own check is not used: with a shared context the first certificate that fails turns verification off for every
later connection, and a pin is not looked at again.
"""

from typing import Any

from pyVmomi import vim
from pyVmomi.SoapAdapter import SoapStubAdapter

from mtv.providers.vsphere.wire.link import Link
from mtv.providers.vsphere.wire.session import COOKIE, Session

VERSIONS = (
    ((6, 7), "vim.version.version12"), ((7, 0), "vim.version.v7_0"), ((7, 0, 3), "vim.version.v7_0_3_0"),
    ((8, 0), "vim.version.v8_0_0_0"), ((8, 0, 3), "vim.version.v8_0_3_0"),
)  # fmt: skip


class Stub(SoapStubAdapter):  # type: ignore[misc]
    """A stub adapter that opens every connection by the session's guard."""

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__(session.address.host, session.address.port, version=version(session.about.api))
        self.cookie = f"{COOKIE}={session.cookie}"

    def GetConnection(self) -> Any:  # noqa: N802 - pyVmomi's name
        with self.lock:
            if self.pool:
                return self.pool.pop(0)[0]
        limits = self._session.limits
        made = Link(self._session.address, self._session.guard, limits.connect_s, limits.read_stall_s)
        made.connect()
        return made

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803
        """One new login where the session was lost."""
        try:
            return super().InvokeMethod(mo, info, args, outerStub)
        except vim.fault.NotAuthenticated:
            self._session.renew()
            self.cookie = f"{COOKIE}={self._session.cookie}"
            return super().InvokeMethod(mo, info, args, outerStub)


def version(api: str) -> str:
    """Of pyVmomi's, the newest that the server speaks."""
    numbers = tuple(int(one) for one in api.split("."))
    known = [name for start, name in VERSIONS if numbers >= start]
    return known[-1] if known else "vim.version.version11"


def service(session: Session) -> Any:
    """pyVmomi's ServiceInstance of that session."""
    return vim.ServiceInstance("ServiceInstance", Stub(session))
