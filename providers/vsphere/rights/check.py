"""`mtv check provider`: who answers, how its clock stands, what it is licensed for, and which rights are missing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from cryptography import x509

from mtv.errors import MtvError
from mtv.model.estate import Finding, Level
from mtv.model.login import Login
from mtv.providers.vsphere.rights.licences import check_licences
from mtv.providers.vsphere.rights.missing import Missing, missing, objects
from mtv.providers.vsphere.rights.reach import hosts, reach
from mtv.providers.vsphere.rights.roles import CONTROL, WAYS, Role, govc, powercli
from mtv.providers.vsphere.wire import link
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault
from mtv.times import moment

OLDEST = (6, 7)
SKEW_S = 60.0
SOON_DAYS = 30
NAMED = 5


def check(name: str, session: Session, copier: Session, login: Login) -> Sequence[Finding]:
    """Raises what keeps us from logging in at all."""
    made = [*_server(session), _clock(session), *_certificate(session), *check_licences(session)]
    try:
        seen = objects(session)
        if session.about.is_vcenter:
            made += reach(hosts(seen))
        made.append(_rights(CONTROL, login.user, missing(session, CONTROL, seen)))
        if not login.copy_user:
            made.append(_no_copier(name))
        reader, account = (copier, login.copy_user) if login.copy_user else (session, login.user)
        ways = {role.name: missing(reader, role, seen) for role in WAYS.values() if role.rights}
    except (SoapFault, MtvError) as error:
        return [*made, _failed(name, error)]
    usable = [way for way, lacks in ways.items() if not lacks]
    for way, lacks in ways.items():
        found = _rights(WAYS[way], account, lacks)
        made.append(found if not usable or found.ok else _only_warning(found))
    return made


def _server(session: Session) -> Iterator[Finding]:
    about = session.about
    yield Finding(name="login", ok=True, text=f"{about.name}, API {about.api}, as {session.account.user}")
    numbers = tuple(int(one) for one in about.version.split(".")[:2] if one.isdecimal())
    if numbers < OLDEST:
        yield Finding(
            name="version", ok=False, level=Level.WARNING, text=f"version {about.version} is older than 6.7",
            fix="it was never tried: expect gaps, and update it where you can",
        )  # fmt: skip
    if not about.is_vcenter:
        yield Finding(
            name="kind", ok=False, level=Level.INFO, text="this is an ESXi alone, not a vCenter",
            fix="clusters, tags and policies are not served here; add its vCenter for more than one host",
        )  # fmt: skip
    if session.guard.trust.insecure:
        yield Finding(
            name="certificate", ok=False, level=Level.WARNING, text="INSECURE: the certificate is not checked",
            fix=f"--fingerprint {session.guard.seen}, once you compared it at the server itself",
        )  # fmt: skip


def _clock(session: Session) -> Finding:
    answer = session.call("CurrentTime", Ref("ServiceInstance", "ServiceInstance"))
    try:
        said = moment(answer[0].text or "")
    except (ValueError, IndexError):
        return Finding(name="clock", ok=False, level=Level.WARNING, text="its clock cannot be read", fix="set up NTP")
    skew = (said - datetime.now(UTC)).total_seconds()
    text = f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
    if abs(skew) <= SKEW_S:
        return Finding(name="clock", ok=True, text=text)
    return Finding(name="clock", ok=False, level=Level.WARNING, text=text, fix="set up NTP on both")


def _certificate(session: Session) -> Iterator[Finding]:
    one = link.Link(session.address, session.guard, session.limits.connect_s, session.limits.read_stall_s)
    with link.said(session.address):
        one.connect()
        der = one.sock.getpeercert(True)
        one.close()
    until = x509.load_der_x509_certificate(der or b"").not_valid_after_utc
    days = (until - datetime.now(UTC)).days
    told = f"its certificate is good until {until:%Y-%m-%d}"
    if days > SOON_DAYS:
        yield Finding(name="validity", ok=True, text=told)
    else:
        yield Finding(
            name="validity", ok=False, level=Level.WARNING, text=told, fix="renew it, then compare the new one"
        )


def _rights(role: Role, account: str, lacks: list[Missing]) -> Finding:
    called = "rights to steer" if role is CONTROL else f"way {role.name}"
    if not lacks:
        return Finding(name=called, ok=True, text=f"{account} has all rights of role {role.name}")
    said = "; ".join(f"{one.privilege} on {_where(one)} ({one.why})" for one in lacks)
    wanted = [one.privilege for one in role.rights]
    lines = [*govc(f"mtv-{role.name}", account, wanted, "/"), *powercli(f"mtv-{role.name}", account, wanted)]
    fix = "\n".join([f"mtv describe role --kind vsphere --way {role.name}", *lines])
    return Finding(name=called, ok=False, text=f"{account} lacks {said}", fix=fix)


def _where(one: Missing) -> str:
    if one.everywhere:
        return one.names[0] if one.on == "root" else f"all {one.of} of its kind {one.on}"
    more = f" and {len(one.names) - NAMED} more" if len(one.names) > NAMED else ""
    return f"{one.on} {', '.join(one.names[:NAMED])}{more}"


def _only_warning(found: Finding) -> Finding:
    """Another way is open."""
    return Finding(name=found.name, ok=False, level=Level.WARNING, text=found.text, fix=found.fix)


def _no_copier(name: str) -> Finding:
    return Finding(
        name="copy account", ok=False, level=Level.WARNING, text="there is no second account for copying",
        fix=f"mtv add provider {name} ... --copy-user U --copy-secret env:VAR: workers then never see the first one's",
    )  # fmt: skip


def _failed(name: str, error: Exception) -> Finding:
    fix = "see its text; `mtv describe role --kind vsphere --way control` says what is needed"
    return Finding(name="rights", ok=False, text=f"rights could not be asked for: {error}", fix=fix)
