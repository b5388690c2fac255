"""What is written comes back: the same model, for what a book holds."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings

from mtv.formats.rvtools.filling import Estate, fill, survey
from mtv.formats.rvtools.tab import Around
from mtv.formats.rvtools.writing import Writing
from mtv.model.estate import VM, Datastore, Network
from mtv.model.infrastructure import Gap
from tests.providers.rvtools.estates import STORES, estates, networks, plain
from tests.providers.rvtools.reading import all_of, changes


def write(path: Path, estate: Estate) -> list[str]:
    seen = survey(estate.vms())
    with path.open("wb") as file:
        with Writing(file, seen.columns) as book:
            fill(book, estate, seen, Around(server="vc.example", version="mtv"), lambda number, what: None)
        return book.losses()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(estates())
def test_vms_come_back_as_they_were(vms: list[VM]) -> None:
    stores = [Datastore(source="book", id=f"datastore-{number}", name=name) for number, name in enumerate(STORES)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "estate.xlsx"
        assert write(path, Estate(vms=lambda: vms, networks=networks(), datastores=stores)) == []
        found = changes(path)
    assert [plain(vm) for vm in all_of(VM, found)] == [plain(vm) for vm in vms]
    assert all_of(Network, found) == networks()
    assert all_of(Gap, found) == []
