"""What the paper published names units and sorts them, without an index too."""

from app.microscope import Microscope
from app.microscope.families import OTHER, families
from app.microscope.naming import Title
from app.store import UnitLabelRow
from app.store.tables import now


def test_the_papers_label_is_a_title_that_a_persons_takes_the_place_of(shared: Microscope) -> None:
    paper = "RN50x4.openai", "layer4.5"
    titles = shared.naming.titles(*paper, None)
    assert titles[3] == Title("Minecraft", "published")
    assert titles[2] == Title("", "")
    assert (3, "Minecraft") in list(titles.named())
    row = UnitLabelRow(
        model=paper[0], layer=paper[1], unit=3, browser="b", text="blocks", accepted=False, name="", created=now()
    )
    shared.store.labels.put(row)
    try:
        assert shared.naming.titles(*paper, None)[3] == Title("blocks", "person")
    finally:
        shared.store.labels.remove(*paper, 3, "b")


def test_units_are_of_the_papers_families() -> None:
    names = families("RN50x4.openai", None, "layer4.5")
    assert len(names) == 2560
    assert (names[3], names[2]) == ("fictional universe", OTHER)
    assert families("small", None, "layer4.0") == ()
