"""MACs that only a DHCP client remembers: the weakest witness, asked where no configuration names a MAC."""

import re

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers.parts import Draft, Reading
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import load_all

PLACES = (
    "/var/lib/dhcp/dhclient*.leases",
    "/var/lib/dhcp3/dhclient*.leases",
    "/var/lib/dhclient/dhclient*.lease*",
    "/var/lib/NetworkManager/*.lease",
    "/var/lib/wicked/lease-*.xml",
)
_INTERFACE = re.compile(r'^\s*interface\s+"([^"]{1,64})";')
# Hardware type 1, then the address: 1:0:50:56:aa:bb:cc, 01:00:50:..., or 01005056aabbcc.
_CLIENT = re.compile(
    r"(?:dhcp-client-identifier\s+|CLIENTID=|<client-id>)\s*0?1:?((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2}|[0-9a-f]{12})\b",
    re.IGNORECASE,
)
_IN_FILE_NAME = re.compile(r"(?:dhclient[.-]|-|lease-)([A-Za-z0-9_.]{1,15}?)(?:-dhcp-ipv[46])?\.(?:leases?|xml)$")


def read(files: GuestFiles) -> Reading:
    draft = Draft("leases")
    for text in load_all(files, [], *PLACES):  # what cannot be read here is no fault of the configuration
        named = _IN_FILE_NAME.search(text.file)
        name = named[1] if named else ""
        for number, line in enumerate(text.lines, 1):
            inside = _INTERFACE.match(line)
            name = inside[1] if inside else name
            client = _CLIENT.search(line)
            if client and addresses.is_name(name):
                digits = client[1]
                mac = digits if ":" in digits else ":".join(re.findall("..", digits))
                draft.bind("lease", mac, name, text.file, number)
    return draft.done()
