"""What is written into a claim. A file is sparse, and its writer's; on a device nobody zeroes what was there before."""

import json
import os
import subprocess
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.kube.fakes.kubevirt.disks import WRITER

QCOW2 = b"QFI\xfb"


class Broken(Exception):  # noqa: N818
    """The text of a worker that failed."""


def blank(place: Path, size_bytes: int) -> None:
    if not place.is_block_device():
        place.touch()
        os.truncate(place, size_bytes)
        own(place)


def own(file: Path) -> None:
    os.chown(file, WRITER, WRITER)
    file.chmod(0o660)


def fetch(url: str, into: Path) -> bool:
    """Whether it is a qcow2, which goes by way of scratch space. Raises Broken."""
    try:
        with urlopen(url, timeout=30) as answer, into.open("wb") as file:
            while chunk := answer.read(1 << 20):
                file.write(chunk)
    except (URLError, OSError) as error:
        raise Broken(f"Unable to connect to http data source: {error}") from error
    with into.open("rb") as file:
        return file.read(4) == QCOW2


def lay(image: Path, place: Path, size_bytes: int) -> None:
    """Holes of the image become zeroes; what a device has behind its end stays. Raises Broken."""
    with image.open("rb") as file:
        kind = "qcow2" if file.read(4) == QCOW2 else "raw"
    blank(place, size_bytes)
    asked = ["qemu-img", "info", "-f", kind, "--output=json", str(image)]
    virtual = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)["virtual-size"]
    if virtual > size_bytes:
        raise Broken(f"Virtual image size {virtual} is larger than the reported available storage {size_bytes}")
    argv = ["qemu-img", "convert", "-n", "-f", kind, "-O", "raw", str(image), str(place)]
    subprocess.run(argv, check=True, capture_output=True)
