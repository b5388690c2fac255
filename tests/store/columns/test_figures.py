"""What a report counts: one source or all, held still, by the documented columns."""

from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.store.columns import KINDS
from mtv.store.columns.figures import OF_ESTATES, figures
from mtv.store.inventory import Refresh
from mtv.store.store import Store
from tests.store.estates import Made, filled


def test_every_kind_is_there_with_its_documented_columns(store: Store) -> None:
    filled(store, 20)
    with figures(store.path) as seen:
        for name in OF_ESTATES:
            assert [row[1] for row in seen.rows(f"PRAGMA temp.table_info({name})")] == list(KINDS[name].names)
        assert seen.row("SELECT count(*), count(DISTINCT host) FROM vms") == (20, 16)
        assert seen.row("SELECT vms, cores, cpu_mhz FROM hosts WHERE name = 'esx01.example.org'") == (2, 56, 145600)
        assert seen.row("SELECT hosts, cpus FROM clusters WHERE name = 'CL-0'")[0] == 4
        assert seen.row("SELECT count(*) FROM gaps") == (1,)


def test_one_source_or_all(store: Store) -> None:
    filled(filled(store, 5), 7, "vc02")
    with figures(store.path) as both, figures(store.path, "vc02") as one, figures(store.path, "nobody") as none:
        assert [source for source, _ in both.sources] == ["vc01", "vc02"]
        assert both.row("SELECT count(*), sum(vms) FROM vms JOIN hosts ON hosts.name = vms.host")[0] == 24
        assert [source for source, at in one.sources if at] == ["vc02"]
        assert one.row("SELECT count(*), min(source), max(source) FROM disks") == (16, "vc02", "vc02")
        assert (none.sources, none.row("SELECT count(*) FROM vms")) == ([], (0,))


def test_a_refresh_meanwhile_is_not_seen(store: Store) -> None:
    filled(store, 3)
    with figures(store.path) as seen:
        more = Refresh(store, "vc01", full=False)
        more.take(Made("vc01", 30).vm())
        more.finish()
        assert seen.row("SELECT count(*) FROM vms") == (3,)
    with figures(store.path) as seen:
        assert seen.row("SELECT count(*) FROM vms") == (4,)


def test_nothing_is_written(store: Store, tmp_path: Path) -> None:
    filled(store, 3)
    with figures(store.path) as seen, pytest.raises(Exception, match="readonly"):
        seen.rows("DELETE FROM main.vms")
    with pytest.raises(Refused), figures(tmp_path / "none"):
        pass
