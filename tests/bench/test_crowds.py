"""What a crowd is counted by, and a small one in a real cluster."""

from pathlib import Path

from tests.bench.crowds import A_SECOND, ACCOUNT, REQUESTS, RULES, busiest, counted, move
from tests.kube.cluster import Namespace

FEW = 12


def test_the_busiest_window_counts_wherever_it_lies() -> None:
    slow = [(second / 2, second * 5) for second in range(40)]
    fast = [(20 + second / 2, 200 + second * 30) for second in range(21)]
    slow_again = [(31 + second / 2, 830 + second * 5) for second in range(40)]
    assert busiest([*slow, *fast, *slow_again]) == 60.0


def test_less_than_a_window_counts_as_one() -> None:
    assert busiest([(0.0, 7), (3.0, 107)]) == 10.0


def test_a_vm_takes_few_requests(kube: Namespace, tmp_path: Path) -> None:
    """As the API server counts them; those that all VMs share are not few for a dozen of them."""
    account = kube.account(ACCOUNT, RULES, RULES)
    with counted(kube) as counter:
        assert move(tmp_path, account, kube.name, FEW).vms == FEW
    assert FEW < counter.whole <= FEW * REQUESTS
    assert counter.busiest() <= A_SECOND
