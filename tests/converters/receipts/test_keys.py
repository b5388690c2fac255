"""The key that signs, and the keys that are believed."""

import stat
from pathlib import Path

import pytest

from mtv.converters.receipts import keys
from mtv.errors import MtvError, Refused


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = keys.signer(folder)
    assert (first.made, keys.signer(folder).made) == (True, False)
    assert keys.signer(folder).public == first.public
    assert stat.S_IMODE((folder / keys.KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(file.name for file in folder.iterdir()) == [keys.KEY, keys.PUBLIC]


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    made = keys.create(tmp_path)
    with pytest.raises(Refused) as caught:
        keys.create(tmp_path)
    assert caught.value.fault.code == "key.exists"
    assert keys.signer(tmp_path).public == made.public
    assert sorted(file.name for file in tmp_path.iterdir()) == [keys.KEY, keys.PUBLIC]


def test_ones_own_key_and_those_in_trusted_are_believed_and_nothing_else(tmp_path: Path) -> None:
    own, friend = keys.create(tmp_path / "own"), keys.create(tmp_path / "friend")
    assert keys.trusted(tmp_path / "own") == {own.public: tmp_path / "own" / keys.PUBLIC}
    shelf = tmp_path / "own" / keys.TRUSTED
    shelf.mkdir()
    (shelf / "friend.pub").write_bytes((tmp_path / "friend" / keys.PUBLIC).read_bytes())
    (shelf / "junk.pub").write_text("no key")
    (shelf / "friend.pem").write_bytes((tmp_path / "friend" / keys.KEY).read_bytes())
    assert set(keys.trusted(tmp_path / "own")) == {own.public, friend.public}


@pytest.mark.parametrize("text", ["", "rsa:abc", "ed25519:", "ed25519:!!!", "ed25519:YWJj"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        keys.public_key(text)
    assert caught.value.fault.code == "key.shape"


def test_a_fingerprint_tells_keys_apart(tmp_path: Path) -> None:
    one, two = (keys.create(tmp_path / name).public for name in "ab")
    assert keys.fingerprint(one).startswith("SHA256:")
    assert keys.fingerprint(one) != keys.fingerprint(two)


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MtvError) as caught:
        keys.create(tmp_path / "file" / "keys")
    assert caught.value.fault.code == "key.write"
