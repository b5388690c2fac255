"""What the parts of a plan file have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictStr

Word = Annotated[StrictStr, Field(min_length=1, max_length=1000)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
