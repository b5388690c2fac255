"""JSON files of a folder, each replaced as a whole, so that a crash leaves the old or the new one. They need not
outlive the machine, so nothing is flushed."""

import json
import os
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
            with open(self._file(name), "rb") as file:
                data = json.load(file)
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise MtvError("memory.damaged", f"{self._file(name)} is no JSON: {error}", "remove it") from error
        if not isinstance(data, dict):
            raise MtvError("memory.damaged", f"{self._file(name)} holds no object", "remove it")
        return data

    def put(self, name: str, data: Mapping[str, Json]) -> None:
        file = self._file(name)
        self.path.mkdir(parents=True, exist_ok=True)
        with open(f"{file}.new", "w") as new:
            new.write(json.dumps(data))
        os.replace(f"{file}.new", file)

    def drop(self, name: str) -> None:
        Path(self._file(name)).unlink(missing_ok=True)

    def names(self) -> list[str]:
        return sorted(unquote(file.stem) for file in self.path.glob("*.json"))

    def clear(self) -> None:
        """It and all that is in it; it being gone is no error."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def _file(self, name: str) -> str:
        return f"{self.path}/{quote(name, safe=' ')}.json"
