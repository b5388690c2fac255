"""A lease is taken by one Pod of one worker, and whoever has lost it hears so at once."""

from pathlib import Path
from typing import cast

import pytest

from mtv.errors import Temporary
from mtv.model.tasks import worker_name
from mtv.providers.kubevirt.jobs.inside.holding import Holding, Lost
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from tests.providers.kubevirt.jobs.filed import NAME, Filed, task

ME = worker_name("r-1", "s/vm-1", "transfer", 1)


@pytest.fixture
def filed(tmp_path: Path) -> Filed:
    made = Filed(tmp_path)
    made.give(ME)
    return made


def held(filed: Filed, pod: str = "pod-a", epoch: int = 1) -> Holding:
    return Holding(cast(Api, filed), "ns", NAME, task(epoch), pod)


def test_a_renewal_says_when_and_by_whom_and_brings_the_engines_wishes(filed: Filed) -> None:
    holding = held(filed)
    assert not holding.renew().control
    first = filed.lease
    filed.wish(rate_bytes_per_s=5)
    assert holding.renew().control == {"rate_bytes_per_s": 5}
    assert filed.lease.pod == "pod-a"
    assert filed.lease.renewed > first.renewed


def test_whoever_lost_it_may_not_renew(filed: Filed) -> None:
    holding = held(filed)
    holding.renew()
    filed.give("mtv-0000000000-verify-1")
    before = filed.read()
    with pytest.raises(Lost, match="held by 'mtv-0000000000-verify-1'"):
        holding.renew()
    assert filed.read() == before


def test_two_pods_of_one_job_do_not_both_have_it(filed: Filed) -> None:
    held(filed).renew()
    with pytest.raises(Lost, match="taken by Pod pod-a"):
        held(filed, "pod-b").renew()
    held(filed).renew()  # a container that was started again in its Pod


def test_a_task_of_an_older_epoch_writes_nothing(filed: Filed) -> None:
    filed.give(ME, epoch=7)
    with pytest.raises(Lost, match="of epoch 7"):
        held(filed, epoch=6).renew()
    assert held(filed, epoch=7).renew().epoch == 7


def test_a_lease_that_is_gone_is_nobodys(filed: Filed) -> None:
    holding = held(filed)
    holding.renew()
    filed.file.unlink()
    with pytest.raises(Lost, match="is gone"):
        holding.renew()


def test_a_server_that_is_away_says_nothing_about_whose_it_is(filed: Filed) -> None:
    holding = held(filed)
    filed.away.touch()
    with pytest.raises(Temporary):
        holding.renew()
    filed.away.unlink()
    assert holding.renew().holder == ME


def test_released_it_is_nobodys(filed: Filed) -> None:
    holding = held(filed)
    holding.renew()
    holding.release()
    assert filed.lease.holder == ""
    with pytest.raises((Lost, Status)):
        holding.renew()
