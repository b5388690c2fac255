"""Every key of a plan, walked: misspelt, the right one is named; of a wrong type, what it must be; with its place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from mtv.errors import Refused
from mtv.plans.files import document, problems
from mtv.plans.files.schema import LATER, PlanFile
from tests.plans.files.test_problems import GOOD

ROOT = Path(__file__).parents[3]
Keys = tuple[str, ...]


def walk(model: type[BaseModel], path: Keys = ()) -> Iterator[Keys]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        yield (*path, key)
        for part in parts(field.annotation):
            yield from walk(part, (*path, key))


def parts(annotation: object) -> list[type[BaseModel]]:
    """The mappings in a field's type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for inner in getattr(annotation, "__args__", ()) for one in parts(inner)]


def rows(path: Keys) -> list[bool]:
    """Which keys of the path hold a list of mappings."""
    model: type[BaseModel] = PlanFile
    found = []
    for key in path:
        field = next(one for name, one in model.model_fields.items() if key in (name, one.alias))
        found.append(getattr(field.annotation, "__origin__", None) is list)
        model = next(iter(parts(field.annotation)), model)
    return found


SCHEMA = [*walk(PlanFile), *LATER]


def written(path: Keys, value: str) -> tuple[str, int]:
    """A plan of that key alone, and its column."""
    above = "".join(
        f"{key}: [{{" if many else f"{key}: {{" for key, many in zip(path[:-1], rows(path[:-1]), strict=True)
    )
    below = "".join("}]" if many else "}" for many in reversed(rows(path[:-1])))
    return f"# only\n{above}{path[-1]}: {value}{below}\n", len(above) + 1


def found(text: str) -> list[problems.Problem]:
    """What is wrong with what is there; the keys that these plans lack are no matter."""
    wrong = problems.read(document.parse(text, "p.yaml"))[1]
    return [one for one in wrong if not one.text.endswith("is missing")]


def misspellings(word: str) -> set[str]:
    """A letter lost, doubled, another one, two swapped, and the whole in other letters."""
    made = {word.upper(), word.title(), word + "s", word.replace("_", "-"), word.replace("_", "")}
    for at in range(len(word)):
        other = "x" if word[at] != "x" else "z"
        made |= {word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], word[:at] + other + word[at + 1 :]}
        made |= {word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]} if at else set()
    return made


def names_near(wrong: str, named: str, meant: str) -> bool:
    """`names` with two letters swapped is as near to `name`."""
    return named == meant or named in misspellings(wrong.lower()) or wrong.lower() in misspellings(named.lower())


@pytest.mark.parametrize("path", SCHEMA, ids=".".join)
def test_every_key_misspelt_is_named_with_the_nearest_right_one_and_its_place(path: Keys) -> None:
    beside = {one[-1] for one in SCHEMA if one[:-1] == path[:-1]}
    for wrong in sorted(misspellings(path[-1]) - beside - {""}):
        text, column = written((*path[:-1], wrong), "1")
        said = [one.text for one in found(text) if one.where == f"p.yaml:2:{column}"]
        named = [one.removeprefix(f"unknown key '{wrong}': did you mean '").removesuffix("'?") for one in said]
        assert len(named) == 1, (wrong, said)
        assert named[0] in beside, (wrong, said)
        assert names_near(wrong, named[0], path[-1]), (wrong, said)


@pytest.mark.parametrize("path", SCHEMA, ids=".".join)
def test_every_key_with_a_value_of_a_wrong_type_is_refused_at_its_place(path: Keys) -> None:
    later = path in LATER
    for value in ("[[[]]]", "{x: {}}", "-1.5"):
        text, column = written(path, value)
        wrong = found(text)
        said = [one.text for one in wrong]
        assert said, value
        assert all(one.startswith(("'", "key '", "unknown key '")) for one in said), said
        words = [one.replace("instancetype", "") for one in said]
        assert not any("instance" in one or "input" in one for one in words), said
        assert all(one.where.startswith("p.yaml:2:") for one in wrong)
        assert min(int(one.where.rpartition(":")[2]) for one in wrong) >= column
        if later:
            assert said == [f"key '{path[-1]}': this version cannot do {LATER[path]}"]


def test_the_good_plan_and_the_design_name_every_key() -> None:
    """But `namespace` and `select`, which the good one cannot have beside `vms` and a bundle."""
    told = yaml.safe_load(GOOD)
    assert {path for path in walk(PlanFile) if not holds(told, path)} == {("namespace",), ("select",)}
    design = (ROOT / "docs/design.md").read_text()
    example = yaml.safe_load(
        "\n".join(line[4:] for line in design[design.index("    apiVersion:") :].split("\n\n")[0].splitlines())
    )
    assert {path for path in SCHEMA if not holds(example, path)} <= {
        ("vms",),
        ("file",),
        *(p for p in SCHEMA if p[0] == "accept"),
    }


def holds(value: object, path: Keys) -> bool:
    if isinstance(value, list) and path:
        return any(holds(one, path) for one in value)
    return not path or (isinstance(value, dict) and path[0] in value and holds(value[path[0]], path[1:]))


@pytest.mark.parametrize("path", SCHEMA, ids=".".join)
def test_every_key_twice_is_refused_at_the_second(path: Keys) -> None:
    text, column = written(path, f"1, {path[-1]}: 2" if len(path) > 1 else f"1\n{path[-1]}: 2")
    at = f"p.yaml:2:{column + len(path[-1]) + 5}" if len(path) > 1 else "p.yaml:3:1"
    with pytest.raises(Refused) as caught:
        document.parse(text, "p.yaml")
    assert str(caught.value) == f"{at}: duplicate key '{path[-1]}'"
