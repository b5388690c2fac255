"""pyVmomi over our own connections and our own session: its calls are checked as all others are.

Its own check is not used: with a shared context the first certificate that fails turns verification off for every
later connection, and a pin is not looked at again.
"""

from io import BytesIO
from typing import Any
from xml.parsers.expat import ExpatError

from pyVmomi import vim, vmodl
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapter

from mtv.errors import MtvError
from mtv.providers.vsphere.wire.session import Session

VERSIONS = (
    ((6, 7), "vim.version.version12"), ((7, 0), "vim.version.v7_0"), ((7, 0, 3), "vim.version.v7_0_3_0"),
    ((8, 0), "vim.version.v8_0_0_0"), ((8, 0, 3), "vim.version.v8_0_3_0"),
)  # fmt: skip


class Stub(SoapStubAdapter):  # type: ignore[misc]
    """Serializes a call and reads its answer; the session sends it, by its own connections and its own login."""

    def __init__(self, session: Session) -> None:
        self._session = session
        super().__init__(session.address.host, session.address.port, version=version(session.about.api))

    def SerializeRequest(self, mo: Any, info: Any, args: Any) -> Any:  # noqa: N802 - pyVmomi's name
        """A reference among values of any type goes out as a type that the schema does not have."""
        made = super().SerializeRequest(mo, info, args)
        return made.replace(b'xsi:type="ManagedObject" type=', b'xsi:type="ManagedObjectReference" type=')

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803
        """One new login where the session was lost. Raises MtvError `vsphere.odd-answer`."""
        request = self.SerializeRequest(mo, info, args)
        lost = self._session.cookie
        found = self._read(info, self._session.post(request), outerStub)
        if isinstance(found, vim.fault.NotAuthenticated):
            self._session.renew(lost)
            found = self._read(info, self._session.post(request), outerStub)
        if isinstance(found, vmodl.MethodFault):
            raise found
        return found

    def DropConnections(self) -> None:  # noqa: N802
        self._session.drop()

    def _read(self, info: Any, answer: bytes, outer: Any) -> Any:
        """What pyVmomi's own reader stumbles over, such as a word that is new to it, is an error of ours."""
        try:
            return SoapResponseDeserializer(outer or self).Deserialize(BytesIO(answer), info.result)
        except (ExpatError, AttributeError, KeyError, TypeError, ValueError) as error:
            text = f"{self._session.address}: the answer to {info.wsdlName} could not be understood: {error}"
            raise MtvError("vsphere.odd-answer", text) from error


def version(api: str) -> str:
    """Of pyVmomi's, the newest that the server speaks."""
    numbers = tuple(int(one) for one in api.split("."))
    known = [name for start, name in VERSIONS if numbers >= start]
    return known[-1] if known else "vim.version.version11"


def service(session: Session) -> Any:
    """pyVmomi's ServiceInstance of that session."""
    return vim.ServiceInstance("ServiceInstance", Stub(session))
