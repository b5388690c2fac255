"""People see the diff and runs keep it: what its neighbour lines keep secret is hidden, in every system's way of
writing it."""

import pytest

from mtv.converters.network.changes import FileChange, NetworkPlan, diff

HIDDEN = [
    "wpa-psk hunter2", "PrivateKey=hunter2", "PresharedKey=hunter2", "key: hunter2", "keys: {private: hunter2}",
    "<passphrase>hunter2</passphrase>", "KEY1=hunter2", "PASSPHRASE=hunter2", "mka-cak=hunter2", "pin=hunter2",
    "password: hunter2", "psk=hunter2", "WEP_KEY='hunter2'", "private-key-password=hunter2",
]  # fmt: skip


@pytest.mark.parametrize("line", HIDDEN)
def test_a_secret_beside_a_change_is_hidden(line: str) -> None:
    change = FileChange(path="/etc/x", before=f"{line}\nname=a\n{line}\n", after=f"{line}\nname=b\n{line}\n")
    shown = diff(NetworkPlan(changes=(change,)))
    assert "+name=b" in shown
    assert "hunter2" not in shown
    assert shown.count("(hidden)") == 2


def test_addresses_and_names_are_shown() -> None:
    change = FileChange(path="/etc/x", before="address 192.0.2.10/24\n", after="address 192.0.2.10/24\nauto ens192\n")
    assert "+auto ens192" in diff(NetworkPlan(changes=(change,)))
