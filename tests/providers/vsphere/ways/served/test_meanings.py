"""What is made of lines that nbdkit, VMware's library and SSH servers print."""

from collections.abc import Sequence

import pytest

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.vsphere.ways.served.meanings import SSH, VDDK, Meaning, meaning

OF_VDDK, OF_SSH = "nbdkit: vddk[3]: error: ", "nbdkit: ssh[1]: error: "
READ = "nbdkit: debug: vddk: config key=known-hosts, value=/known_hosts"


@pytest.mark.parametrize(
    ("table", "line", "code", "kind"),
    [
        (VDDK, OF_VDDK + "VixDiskLib_ConnectEx: The server refused connection", "vddk.connection", Temporary),
        (VDDK, OF_VDDK + "[NFC ERROR]NfcNewAuthdConnectionEx: Failed to connect: Error reading from "
               "vmware-authd socket.", "vddk.connection", Temporary),
        (VDDK, OF_VDDK + "[NFC ERROR] NfcFssrvrProcessErrorMsg: received NFC error 5 from server: Failed to "
               "allocate the requested 2097176 bytes", "vddk.nfc-memory", Temporary),
        (VDDK, OF_VDDK + "[NFC ERROR] received NFC error 51 from server", "", MtvError),
        (VDDK, "nbdkit: debug: VixDiskLibVim: Failed to verify SSL certificate: actual thumbprint=A expected=B",
         "vddk.certificate", CheckFailed),
        (VDDK, OF_VDDK + "VixDiskLib_Open: [a] b.vmdk: Failed to lock the file", "vddk.locked", Temporary),
        (VDDK, OF_VDDK + "VixDiskLib_Open: [a] b.vmdk: Unknown error", "vddk.refused", MtvError),
        (VDDK, "nbdkit: debug: DISKLIB-PLUGIN : cannot open shared object file libdiskLibPlugin.so", "", MtvError),
        (VDDK, "nbdkit: error: libz.so.1: cannot open shared object file: No such file", "vddk.library", MtvError),
        (VDDK, "nbdkit: debug: NBD_ClientOpen: attempting to use vpxa-nfc by vmware-authd", "", MtvError),
        (VDDK, "nbdkit: debug: VixDiskLib_ConnectEx (params)", "", MtvError),
        (SSH, OF_SSH + "cannot open file for reading: SFTP server: Permission denied", "ssh.rights", CheckFailed),
        (SSH, OF_SSH + "cannot open file for reading: SFTP server: No such file", "ssh.no-disk", Held),
        (SSH, OF_SSH + "all possible authentication methods failed", "ssh.login", CheckFailed),
        (SSH, "nbdkit: ssh[1]: debug: public key authentication failed: Socket error: disconnected\n" + OF_SSH +
              "all possible authentication methods failed", "ssh.connection", Temporary),
        (SSH, READ, "", MtvError),
    ],
)  # fmt: skip
def test_lines(table: Sequence[Meaning], line: str, code: str, kind: type[MtvError]) -> None:
    found = meaning(table, [READ, *line.splitlines(), "nbdkit: debug: unload"], "[a] b.vmdk", "vc01")
    assert (found.fault.code if found else "") == code
    assert found is None or type(found) is kind


def test_the_cause_counts_not_what_follows_from_it() -> None:
    lines = [OF_VDDK + "VixDiskLibVim: Cannot complete login due to an incorrect user name or password.",
             OF_VDDK + "VixDiskLib_ConnectEx: Insufficient permissions in the host operating system"]  # fmt: skip
    found = meaning(VDDK, lines, "[a] b.vmdk", "vc01")
    assert found
    assert (found.fault.code, "vc01" in found.fault.text) == ("vddk.login", True)


def test_a_line_is_told_without_its_prefix_and_not_endlessly() -> None:
    found = meaning(VDDK, [OF_VDDK + "VixDiskLib_Open: " + "x" * 5000], "[a] b.vmdk", "vc01")
    assert found
    assert "VixDiskLib_Open: xxx" in found.fault.text
    assert "nbdkit" not in found.fault.text
    assert len(found.fault.text) < 500
