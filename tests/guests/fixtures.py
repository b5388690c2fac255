"""The guests as fixtures, built at most once a run and kept in the cache between runs. Do not write to their files."""

from pathlib import Path

import pytest

from tests.guests.guests import Guest, debian_guest, phony_guest
from tests.guests.ova import guest_ova


@pytest.fixture(scope="session")
def debian() -> Guest:
    """The real Debian that boots only on VMware's controller; two raw disks."""
    return debian_guest("vmware")


@pytest.fixture(scope="session")
def fit_debian() -> Guest:
    """The same, already fit for virtio."""
    return debian_guest("virtio")


@pytest.fixture(scope="session")
def debian_ova(debian: Guest) -> Path:
    return guest_ova(debian)


@pytest.fixture(scope="session")
def fit_ova(fit_debian: Guest) -> Path:
    return guest_ova(fit_debian)


@pytest.fixture(scope="session")
def phony_debian() -> Guest:
    return phony_guest("debian")


@pytest.fixture(scope="session")
def phony_rhel() -> Guest:
    return phony_guest("rhel")


@pytest.fixture(scope="session")
def phony_windows() -> Guest:
    return phony_guest("windows")


@pytest.fixture(scope="session")
def phony_debian_ova(phony_debian: Guest) -> Path:
    return guest_ova(phony_debian)


@pytest.fixture(scope="session")
def phony_rhel_ova(phony_rhel: Guest) -> Path:
    return guest_ova(phony_rhel)


@pytest.fixture(scope="session")
def phony_windows_ova(phony_windows: Guest) -> Path:
    return guest_ova(phony_windows)
