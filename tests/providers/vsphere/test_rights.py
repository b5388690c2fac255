"""Which rights are missing, exactly; and what else `mtv check provider` says."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from mtv.errors import CheckFailed, Refused
from mtv.model.estate import Finding, Level
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.rights import check as checking
from mtv.providers.vsphere.rights.missing import missing, objects
from mtv.providers.vsphere.rights.roles import CONTROL, EXPORT, FOLDER, ROLES, VDDK, Role, role, text
from mtv.providers.vsphere.wire.soap import SoapFault, said
from tests.providers.vsphere.opening import find, session_of, source_of
from tests.vcenter.machines import Wish, allow, disallow, make
from tests.vcenter.server import CONTROL as STEERER
from tests.vcenter.server import COPY, VCenter

GIVEN = [(one, privilege) for one in (CONTROL, VDDK, FOLDER, EXPORT) for privilege in one.given]


def found(source: VSphere) -> Sequence[Finding]:
    async def ask() -> Sequence[Finding]:
        try:
            return await source.check()
        finally:
            await source.close()

    return asyncio.run(ask())


def by_name(told: Sequence[Finding]) -> dict[str, Finding]:
    return {one.name: one for one in told}


@pytest.mark.parametrize(("of", "privilege"), GIVEN, ids=lambda one: one if isinstance(one, str) else one.name)
def test_each_missing_right_is_named_and_no_other(vc: VCenter, admin: Any, of: Role, privilege: str) -> None:
    allow(admin, COPY, [one for one in of.given if one != privilege])
    session = session_of(vc, COPY)
    lacks = missing(session, of, objects(session))
    assert [one.privilege for one in lacks] == [privilege]
    assert lacks[0].everywhere


@pytest.mark.parametrize("of", [CONTROL, VDDK, FOLDER, EXPORT], ids=lambda one: one.name)
def test_with_its_role_an_account_lacks_nothing(vc: VCenter, admin: Any, of: Role) -> None:
    allow(admin, COPY, of.given)
    session = session_of(vc, COPY)
    assert missing(session, of, objects(session)) == []


def test_a_right_that_is_missing_on_one_object_names_it(vc: VCenter, admin: Any) -> None:
    vm = next(iter(find(admin, "narrow")), None) or make(admin, Wish("narrow"))
    allow(admin, COPY, EXPORT.given)
    allow(admin, COPY, [], on=vm)
    session = session_of(vc, COPY)
    [one] = missing(session, EXPORT, objects(session))
    disallow(admin, COPY, vm)
    assert (one.privilege, one.names) == ("VApp.Export", ("narrow",))


def test_a_check_says_who_answers_and_what_is_missing(vc: VCenter, admin: Any) -> None:
    allow(admin, STEERER, CONTROL.given)
    allow(admin, COPY, FOLDER.given)
    told = by_name(found(source_of(vc, STEERER, copy_user=COPY)))
    assert told["login"].ok
    assert "VMware vCenter" in told["login"].text
    assert told["clock"].ok
    assert told["rights to steer"].ok, told["rights to steer"].text
    assert told["way folder"].ok
    vddk = told["way vddk"]
    assert not vddk.ok
    assert vddk.level is Level.WARNING, "another way is open"
    assert "VirtualMachine.Config.DiskLease on all" in vddk.text
    assert "govc role.create mtv-vddk" in vddk.fix
    assert "New-VIPermission" in vddk.fix
    assert all(one.ok or one.fix for one in told.values())


def test_without_any_way_it_is_critical(vc: VCenter, admin: Any) -> None:
    allow(admin, COPY, [])
    told = by_name(found(source_of(vc, copy_user=COPY)))
    assert {told[f"way {way}"].level for way in ("vddk", "folder", "export")} == {Level.CRITICAL}


def test_a_copy_account_that_cannot_log_in_is_told(vc: VCenter) -> None:
    source = source_of(vc, copy_user=COPY)
    source.copier.account = type(source.copier.account)(COPY, b"wrong")
    told = by_name(found(source))
    assert told["login"].ok
    assert "refused the password" in told["rights"].text


def test_without_a_second_account_it_says_so(vc: VCenter) -> None:
    told = by_name(found(source_of(vc)))
    assert "--copy-user" in told["copy account"].fix
    assert all(told[f"way {way}"].ok for way in ("vddk", "folder", "export")), "an administrator may read by any"


def test_the_only_account_is_checked_for_the_ways_too_object_by_object(vc: VCenter, admin: Any) -> None:
    vm, _ = (next(iter(find(admin, name)), None) or make(admin, Wish(name)) for name in ("narrow", "wide"))
    allow(admin, STEERER, [*CONTROL.given, *FOLDER.given, *EXPORT.given])
    allow(admin, STEERER, [*CONTROL.given, *EXPORT.given], on=vm)
    told = by_name(found(source_of(vc, STEERER)))
    disallow(admin, STEERER, vm)
    assert told["rights to steer"].ok
    assert told["way export"].ok
    folder, vddk = told["way folder"], told["way vddk"]
    assert {folder.level, vddk.level} == {Level.WARNING}
    assert f"{STEERER} lacks VirtualMachine.Provisioning.DiskRandomRead on vm narrow " in folder.text
    assert "VirtualMachine.Config.DiskLease on all" in vddk.text
    assert f"-principal '{STEERER}' -role mtv-vddk" in vddk.fix


def test_old_versions_warn_and_an_esxi_says_what_it_is(vc: VCenter, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(vc)
    about = source.session.about
    old = type(about)(**{**about.__dict__, "version": "6.5.0", "is_vcenter": False})
    monkeypatch.setattr(source.session, "_about", old)
    told = by_name(list(checking._server(source.session)))
    assert told["version"].level is Level.WARNING
    assert "ESXi alone" in told["kind"].text


def test_insecure_is_a_finding(vc: VCenter) -> None:
    told = by_name(found(source_of(vc, ca="", insecure=True)))
    assert told["certificate"].text.startswith("INSECURE")
    assert vc.certificate.sha256.replace(":", "").lower() in told["certificate"].fix


def test_a_certificate_that_soon_runs_out_warns(vc: VCenter) -> None:
    vc.show_certificate(vc.authority.issue("soon", days=3))
    assert by_name(found(source_of(vc)))["validity"].level is Level.WARNING


def test_a_missing_permission_is_an_error_that_names_it() -> None:
    with pytest.raises(CheckFailed, match="needs the privilege VApp.Export"), said("vc01", "exporting db01"):
        raise SoapFault("NoPermission", "", {"privilegeId": "VApp.Export"})


@pytest.mark.parametrize("name", ROLES)
def test_each_role_says_how_to_grant_it(name: str) -> None:
    told = text(role(name))
    for right in role(name).rights:
        assert right.privilege in told
        assert right.why in told
    with pytest.raises(Refused, match="there is no role"):
        role("root")
