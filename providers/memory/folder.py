"""JSON files of a folder, each replaced as a whole, so that a crash leaves the old or the new one. They need not
outlive the machine, so nothing is flushed."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from mtv.errors import MtvError
from mtv.model.estate import Facts, Json


class Folder:
    """`names` may be any text: what a file system would take amiss is quoted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, name: str) -> Facts | None:
        """None where there is no such file."""
        try:
            data = json.loads(self._file(name).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise MtvError("memory.damaged", f"{self._file(name)} is no JSON: {error}", "remove it") from error
        if not isinstance(data, dict):
            raise MtvError("memory.damaged", f"{self._file(name)} holds no object", "remove it")
        return data

    def put(self, name: str, data: Mapping[str, Json]) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        file = self._file(name)
        new = file.with_suffix(".new")
        new.write_text(json.dumps(data))
        new.replace(file)

    def drop(self, name: str) -> None:
        self._file(name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        return sorted(unquote(file.stem) for file in self.path.glob("*.json"))

    def clear(self) -> None:
        """It and all that is in it; it being gone is no error."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def _file(self, name: str) -> Path:
        return self.path / f"{quote(name, safe=' ')}.json"
