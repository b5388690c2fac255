"""Charts are true to their figures, and no name breaks them."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from mtv.plans.reports.pages.charts import MOST, NAMES, WIDTH, Bar, bars, chart, donut, fills
from mtv.plans.reports.shapes import Cell, Chart, Section, columns


def section(rows: list[tuple[Cell, ...]], kind: str, unit: str = "count") -> Section:
    return Section(id="s", title="S", columns=columns("name:", f"n::{unit}"), rows=tuple(rows),
                   chart=Chart(kind, (0,), (1,)))  # type: ignore[arg-type]  # fmt: skip


def widths(svg: str, style: str) -> list[float]:
    return [
        float(one.get("width", "")) for one in ElementTree.fromstring(svg).iter("rect") if one.get("class") == style
    ]


def texts(svg: str) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.fromstring(svg).iter("text")]


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    svg = chart(section([("a", 100), ("b", 50), ("none", 0)], "bars"))
    longest, half, nothing = widths(svg, "c0")
    assert longest == WIDTH - NAMES - 90
    assert (half, nothing) == (longest / 2, 0)
    assert texts(svg) == ["a", "100", "b", "50", "none", "0"]


def test_too_many_bars_are_counted() -> None:
    svg = chart(section([(f"vm{n}", n) for n in range(MOST + 5)], "bars"))
    assert len(widths(svg, "c0")) == MOST
    assert texts(svg)[-1] == "and 5 more"


def test_a_full_store_is_red_and_an_unknown_one_has_no_bar() -> None:
    svg = chart(section([("full", 0.95), ("high", 0.8), ("half", 0.5), ("who knows", None)], "fill", "share"))
    room = WIDTH - NAMES - 90
    assert [widths(svg, style) for style in ("critical", "warning", "c0")] == [
        [round(room * 0.95, 1)], [room * 0.8], [room * 0.5],
    ]  # fmt: skip
    assert len(widths(svg, "track")) == 4
    assert texts(svg)[-2:] == ["who knows", "unknown"]


def test_two_shares_stand_one_below_the_other_with_a_key() -> None:
    svg = fills("load", [[Bar("h", 0.2, "20 %")], [Bar("h", 0.4, "40 %")]], ["CPU", "memory"])
    assert len(widths(svg, "c0")) == len(widths(svg, "c1")) == 2, "a bar each, and the key's box"
    assert texts(svg) == ["h", "20 %", "40 %", "CPU", "memory"]


def test_parts_of_a_whole_close_the_ring() -> None:
    one = ElementTree.fromstring(donut("d", [Bar("all", 7, "7"), Bar("none", 0, "0")]))
    assert len(list(one.iter("circle"))) == 1
    several = ElementTree.fromstring(donut("d", [Bar(name, 1, "1") for name in "abc"]))
    paths = [path.get("d", "") for path in several.iter("path")]
    assert len(paths) == 3
    ends = [(path[1:].split("A")[0], " ".join(path.rsplit(" ", 2)[1:])) for path in paths]
    assert [ends[n][1] == ends[n + 1][0] for n in range(2)] == [True, True]
    assert ends[2][1] == ends[0][0]


def test_the_colour_of_a_level_is_its_own() -> None:
    heads = columns("name:", "level::level", "n::count")
    made = Section(id="s", title="S", columns=heads, chart=Chart("parts", (0,), (2,)),
                   rows=(("x", "critical", 1), ("y", "none", 3)))  # fmt: skip
    svg = chart(made)
    assert [widths(svg, style) for style in ("critical", "good")] == [[12], [12]]


@given(st.lists(st.tuples(st.text(), st.one_of(st.none(), st.integers(0, 1 << 60))), max_size=20),
       st.sampled_from(["bars", "parts", "fill"]))  # fmt: skip
def test_any_names_and_figures_make_a_picture(rows: list[tuple[Cell, ...]], kind: str) -> None:
    svg = chart(section(rows, kind))
    assert svg == "" if not rows else ElementTree.fromstring(svg).tag == "svg"
    assert "nan" not in svg


def test_nothing_to_compare_is_drawn_as_nothing() -> None:
    assert widths(bars("b", [Bar("a", 0, "0")]), "c0") == [0]
