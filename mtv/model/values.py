"""JSON as a type: what facts and a vendor's own parameters are made of."""

from collections.abc import Mapping

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Facts = Mapping[str, Json]
