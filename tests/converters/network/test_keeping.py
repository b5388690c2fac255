import pytest
import yaml

from mtv.converters.network import keeping
from mtv.converters.network.readers.cloudinit import Cloud
from mtv.model.estate import Level
from mtv.model.guest import GuestFacts

LOST = Cloud(installed=True, datasource="DataSourceOVF: DataSourceOVF [seed=iso]", instance_id="iid-1")
FACTS = GuestFacts(roots=1, hostname="web01.example.test")


def test_network_off_instance_kept_host_name_told() -> None:
    assert yaml.safe_load(keeping.text(LOST, FACTS) or "") == {
        "network": {"config": "disabled"},
        "datasource_list": ["NoCloud", "None"],
        "datasource": {
            "NoCloud": {
                "meta-data": {"dsmode": "local", "instance-id": "iid-1", "local-hostname": "web01.example.test"},
                "user-data": "",
            }
        },
    }
    assert keeping.concern(LOST).level == Level.INFO


@pytest.mark.parametrize(
    ("cloud", "cmdline"),
    [
        (Cloud(), ""),
        (Cloud(installed=True), ""),
        (Cloud(installed=True, datasource="DataSourceNone: DataSourceNone", instance_id="iid-datasource-none"), ""),
        (Cloud(installed=True, disabled=True, datasource=LOST.datasource, instance_id="iid-1"), ""),
        (LOST, "ro cloud-init=disabled quiet"),
    ],
)
def test_nothing_is_written_where_nothing_is_lost(cloud: Cloud, cmdline: str) -> None:
    assert keeping.text(cloud, GuestFacts(roots=1, cmdline=cmdline)) is None


@pytest.mark.parametrize("instance", ["", 'x"}\nruncmd: [reboot]', "a b", "x" * 200])
def test_an_id_that_is_none_is_not_written(instance: str) -> None:
    cloud = Cloud(installed=True, datasource=LOST.datasource, instance_id=instance)
    assert yaml.safe_load(keeping.text(cloud, FACTS) or "") == {"network": {"config": "disabled"}}
    assert keeping.concern(cloud).level == Level.WARNING


def test_a_host_name_that_is_none_is_not_written() -> None:
    text = keeping.text(LOST, GuestFacts(roots=1, hostname='a"b'))
    assert "local-hostname" not in (text or "local-hostname")
