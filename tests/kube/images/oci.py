"""Images as the OCI lays them out, in tars that containerd imports. A tar may leave out a layer that it has already:
https://github.com/opencontainers/image-spec/blob/main/image-layout.md"""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Blob:
    """What a manifest says of a part; `content` where it is small enough to be held."""

    media: str
    digest: str
    size_bytes: int
    content: bytes = b""

    @classmethod
    def of(cls, media: str, said: object) -> "Blob":
        content = json.dumps(said, sort_keys=True).encode()
        return cls(media, f"sha256:{hashlib.sha256(content).hexdigest()}", len(content), content)

    @classmethod
    def layer(cls, tar: Path) -> "Blob":
        with tar.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(LAYER, f"sha256:{digest}", tar.stat().st_size)

    def described(self) -> dict[str, object]:
        return {"mediaType": self.media, "digest": self.digest, "size": self.size_bytes}

    @property
    def path(self) -> str:
        return f"blobs/{self.digest.replace(':', '/')}"


@dataclass(frozen=True)
class Image:
    config: Blob
    layers: tuple[Blob, ...]

    @classmethod
    def of(cls, settings: Mapping[str, object], layers: Sequence[Blob]) -> "Image":
        root = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
        config = {"architecture": "amd64", "os": "linux", "config": dict(settings), "rootfs": root}
        return cls(Blob.of(CONFIG, config), tuple(layers))

    @property
    def manifest(self) -> Blob:
        layers = [layer.described() for layer in self.layers]
        said = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.config.described(), "layers": layers}
        return Blob.of(MANIFEST, said)

    def index(self, names: Sequence[str]) -> bytes:
        """containerd makes one image of each name."""
        named = [{**self.manifest.described(), "annotations": {"io.containerd.image.name": name}} for name in names]
        return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": named}).encode()


def pack(folder: Path, out: Path, *options: str) -> Blob:
    """A folder's files as a layer, in an order that does not change."""
    argv = ["tar", "--create", "--sort=name", "--numeric-owner", "--format=gnu", *options]
    subprocess.run([*argv, f"--file={out}", f"--directory={folder}", "."], check=True)
    return Blob.layer(out)


def write(out: Path, image: Image, names: Sequence[str], layers: Mapping[Blob, Path]) -> None:
    """`layers` are the files of those that go in."""
    with tarfile.open(out, "w") as tar:
        for blob in (image.config, image.manifest):
            _add(tar, blob.path, blob.content)
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(tar, "index.json", image.index(names))
    append(out, layers)


def append(out: Path, layers: Mapping[Blob, Path]) -> None:
    """What was left out of a tar."""
    with tarfile.open(out, "a") as tar:
        for blob, file in layers.items():
            info = tarfile.TarInfo(blob.path)
            info.size = blob.size_bytes
            with file.open("rb") as content:
                tar.addfile(info, content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))
