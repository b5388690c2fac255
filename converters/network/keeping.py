"""cloud-init after a move: its datasource stays behind at the source. It must neither make the network anew nor take
the guest for a new machine (new host keys, host name, passwords)."""

import re

from mtv.converters.network.concerns import info, warning
from mtv.converters.network.readers.cloudinit import Cloud
from mtv.model.estate import Concern
from mtv.model.guest import GuestFacts

PATH = "/etc/cloud/cloud.cfg.d/99-mtv.cfg"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_NETWORK = """\
# Written by mtv: the datasource of this machine stayed behind when it moved.
network: {config: disabled}
"""
_SOURCE = """\
datasource_list: [NoCloud, None]
datasource:
  NoCloud:
    meta-data: {{{data}}}
    user-data: ""
"""


def text(cloud: Cloud, facts: GuestFacts) -> str | None:
    """What the file must hold; None where cloud-init loses nothing by the move."""
    if (
        not cloud.installed
        or cloud.disabled
        or cloud.datasource_stays
        or "cloud-init=disabled" in facts.cmdline.split()
    ):
        return None
    return _NETWORK + (_SOURCE.format(data=_data(cloud, facts)) if _ID.fullmatch(cloud.instance_id) else "")


def _data(cloud: Cloud, facts: GuestFacts) -> str:
    parts = ["dsmode: local", f'instance-id: "{cloud.instance_id}"']
    if _HOST.fullmatch(facts.hostname):
        parts.append(f'local-hostname: "{facts.hostname}"')
    return ", ".join(parts)


def concern(cloud: Cloud) -> Concern:
    kind = cloud.datasource.partition(":")[0].strip()[:60]
    if not _ID.fullmatch(cloud.instance_id):
        return warning(
            "cloud-init-instance",
            f"cloud-init lived from {kind} and no instance id is on record: it may take the guest for a new machine",
            "look at host keys and host name after the first boot",
        )
    return info("cloud-init-kept", f"cloud-init lived from {kind}: its network is switched off, its instance id kept")
