"""A whole table on a corpus: what it is over, that it goes on from where it was, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from app.clip.clip import Clip
from app.corpus.column_writer import making
from app.corpus.columns import Columns
from app.corpus.index import Index
from app.errors import BadInput, NotReady
from app.lab.attack_counts import Counts, Kept, Pair, summed
from app.lab.attack_run import Ground, Progress, Tabulated, ground, tabulating
from app.lab.judges import UNKNOWN
from app.spec import AttackTableSpec


@pytest.fixture(scope="module")
def columns(planted: tuple[Clip, Index]) -> Columns:
    clip, index = planted
    for _ in making(clip, index):
        pass
    return Columns.open(index.folder / "columns", index)


def at(planted: tuple[Clip, Index], columns: Columns, listed: tuple[str, ...] = (), **changes: Any) -> Ground:
    clip, index = planted
    fields = {"pairs": 2, "images": 24, "styles": ("label",), "k": 3, **changes}
    spec = AttackTableSpec(model="tiny", layer=clip.default_layer, corpus="planted", column="concept", **fields)
    return ground(spec, index, columns, listed)


def test_a_table_stopped_in_the_middle_goes_on_to_the_same(planted: tuple[Clip, Index], columns: Columns) -> None:
    table = at(planted, columns)
    whole = [each for each in tabulating(planted[0], table) if isinstance(each, Tabulated)]
    *_, last = whole
    assert [len(each.cells) for each in whole] == [0, 1, 2, 2]
    assert last.known == 24 and last.trained == len(columns) - 24 and last.right_linear is not None
    assert all(cell.zero_shot_kept and cell.linear_kept for cell in last.cells)
    steps = list(tabulating(planted[0], table, whole[1].cells))
    assert steps[-1] == last
    texts = {each.said for each in steps if isinstance(each, Progress)}
    assert not any(f"“{last.cells[0].text}”" in said for said in texts), "what was counted is not counted again"
    written = [each for each in steps if isinstance(each, Progress) and "read" not in each.said.casefold()]
    assert written[-1].done == written[-1].total


def test_pictures_of_the_target_and_those_with_writing_are_left_out(
    planted: tuple[Clip, Index], columns: Columns
) -> None:
    table = at(planted, columns, rows=("Stripes: zebra",))
    assert table.pairs == (Pair("stripes", "zebra"),)
    *_, last = tabulating(planted[0], table)
    assert isinstance(last, Tabulated)
    stripes = columns.categories.values("concept").index("stripes")
    shows = table.labels[table.pictures.attacked] == stripes
    assert shows.any() and last.cells[0].zero_shot.n == 24 - shows.sum()
    with pytest.raises(NotReady, match="Only 0 pictures"):  # the kind of every picture is known, as if all had writing
        at(planted, columns, without="kind")


def test_refusals_name_the_field(planted: tuple[Clip, Index], columns: Columns) -> None:
    for changes, field in [
        ({"without": "nonsense"}, "without"),
        ({"classes": "column:nonsense"}, "classes"),
        ({"rows": ("horse: a",)}, "rows"),
    ]:
        with pytest.raises(BadInput) as refused:
            at(planted, columns, **changes)
        assert refused.value.field == field


def test_classes_may_be_others_than_the_labels(planted: tuple[Clip, Index], columns: Columns) -> None:
    table = at(planted, columns, classes="list:1", listed=("RED", "horse"), rows=("horse",))
    *_, last = tabulating(planted[0], table)
    assert isinstance(last, Tabulated)
    red = columns.categories.values("concept").index("red")
    assert last.known == np.count_nonzero(table.labels[table.pictures.attacked] == red) < 24
    assert last.cells[0].linear is None, "no label says what a horse looks like"
    assert UNKNOWN not in {each.after for each in last.cells[0].examples}


def test_counts_add_up_and_a_control_that_some_lack_is_left_out() -> None:
    one, other = Counts(9, 1, 2, 6, 2, 4, 2, 1, 0, 1), Counts(8, 0, 3, 5, 1, 4, 1, 0, None, 0)
    assert summed([one, other]) == Counts(17, 1, 5, 11, 3, 8, 3, 1, None, 1)
    assert summed([Kept(4, 3, 2, 1, 1, 0)] * 2) == Kept(8, 6, 4, 2, 2, 0)
