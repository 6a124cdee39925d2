"""All instruments that have a form in the laboratory, and what they are made with."""

from collections.abc import Callable

from app.microscope.columns import ColumnDesk
from app.microscope.gallery import Gallery
from app.microscope.indexes import Indexes
from app.microscope.instruments import Bench, Cards
from app.microscope.lab.attack import Attack
from app.microscope.lab.attack_search import AttackSearch
from app.microscope.lab.attack_table import AttackTables
from app.microscope.lab.class_lists import ClassLists
from app.microscope.lab.codes import SparseCodes
from app.microscope.lab.composition import Compositions
from app.microscope.lab.overlays import Subjects
from app.microscope.lab.regions import RegionMap
from app.microscope.lab.stroop import Stroop
from app.microscope.lab.wild import Wild
from app.microscope.naming import Naming, Titles
from app.microscope.residents import Residents
from app.settings import Settings
from app.store import Store


class Laboratory:
    """One of each; `seconds` says about how long so many drawn words take for a model, `cards` and `titles` are what units look
    like and are called."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        residents: Residents,
        indexes: Indexes,
        columns: ColumnDesk,
        naming: Naming,
        gallery: Gallery,
        seconds: Callable[[str, int], float | None],
        cards: Cards,
        titles: Callable[[str, str], Titles | None],
    ) -> None:
        subjects = Subjects(settings, store, indexes)
        lists = ClassLists(store, indexes, columns)
        self.sparse_codes = SparseCodes(store, indexes, columns, naming, gallery)
        self.compositions = Compositions(store, indexes, columns, gallery, naming)
        self.attack = Attack(settings.data, subjects, lists, naming, gallery)
        self.attack_search = AttackSearch(subjects, lists)
        self.attack_tables = AttackTables(lists, cards)
        self.wild = Wild(settings, store, lists)
        self.stroop = Stroop(store)
        self.region_map = RegionMap(settings.data, store, residents, cards, titles, seconds)

    @property
    def benches(self) -> dict[str, Bench]:
        """The instruments by the kind of what they find, in the order of the laboratory's list."""
        return {
            "codes": self.sparse_codes,
            "composition": self.compositions,
            "attack": self.attack,
            "attack_search": self.attack_search,
            "attack_table": self.attack_tables,
            "wild": self.wild,
            "stroop": self.stroop,
            "regions": self.region_map,
        }
