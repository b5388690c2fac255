"""Requests as SOAP, and faults as errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

from mtv.errors import CheckFailed, MtvError
from mtv.providers.vsphere.wire.answer import FAULT, TYPE, VIM, Element

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
)
_TAIL = "</soapenv:Body></soapenv:Envelope>"


class Ref(str):
    """A managed object reference: its id; `kind` is its type. Compares as its id."""

    kind: str

    def __new__(cls, kind: str, value: str) -> "Ref":
        made = super().__new__(cls, value)
        made.kind = kind
        return made


class SoapFault(Exception):
    """A fault as the server names it; `said` turns it into an error of ours at the provider's edge."""

    def __init__(self, name: str, text: str, detail: dict[str, str]) -> None:
        super().__init__(f"{name}: {text}")
        self.name, self.text, self.detail = name, text, detail


def request(method: str, this: Ref, body: str, space: str = "urn:vim25", cookie: str = "") -> bytes:
    """`cookie`: services beside the main one take the session from a header of the message."""
    inner = f'<{method} xmlns="{space}">{ref("_this", this)}{body}</{method}>'
    head = f"<soapenv:Header><vcSessionCookie>{escape(cookie)}</vcSessionCookie></soapenv:Header>" if cookie else ""
    return f"{_HEAD}{head}<soapenv:Body>{inner}{_TAIL}".encode()


def tag(name: str, value: str | int | bool) -> str:
    """One element of text; characters that XML cannot hold are left out."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = "".join(one for one in str(value) if one >= " " or one in "\t\n\r")
    return f"<{name}>{escape(text)}</{name}>"


def ref(name: str, of: Ref) -> str:
    return f"<{name} type={quoteattr(of.kind)}>{escape(of)}</{name}>"


def fault(element: Element) -> SoapFault:
    """Its name is the type of what `detail` holds, else the name of that element."""
    text = next((one.text or "" for one in element.iter("faultstring", f"{VIM}faultstring")), "")
    detail = next((one for one in element if str(one.tag).endswith("detail")), None)
    if detail is None or not len(detail):
        return SoapFault("SoapFault", text.strip(), {})
    inner = detail[0]
    name = inner.get(TYPE, "").rpartition(":")[2] or str(inner.tag).rpartition("}")[2].removesuffix("Fault")
    fields = {str(one.tag).rpartition("}")[2]: (one.text or "").strip() for one in inner}
    return SoapFault(name, text.strip(), fields)


def raise_fault(element: Element) -> None:
    if element.tag == FAULT:
        raise fault(element)


@contextmanager
def said(where: str, doing: str) -> Iterator[None]:
    """Faults of the server in our words."""
    try:
        yield
    except SoapFault as error:
        if error.name == "NoPermission":
            right = error.detail.get("privilegeId", "a right")
            raise CheckFailed(
                "vsphere.permission", f"{where}: {doing} needs the privilege {right}",
                "`mtv check provider` lists all that are missing, `mtv describe role --kind vsphere` what to grant",
            ) from error  # fmt: skip
        raise MtvError("vsphere.fault", f"{where}: {doing}: {error.text or error.name} ({error.name})") from error
