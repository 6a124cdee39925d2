"""Lists of units: who may change one, and what is on it.

A list belongs to the browser that made it. A cookie is easily lost, so the owner may make an edit link: whoever opens it may
take the list over. Of its secret only a hash is kept.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from app import urls
from app.answers.layer import UnitCard
from app.answers.lists import ListedOn, ListEntry, ListLink, ListPage, Lists, UnitLists
from app.errors import BadInput, NotFound
from app.microscope.browsing import Browser
from app.microscope.said import hashed, is_of, line, passage
from app.store import ListEntryRow, Store, UnitListRow

LONGEST_TITLE, LONGEST_REMARK, LONGEST_DESCRIPTION = 80, 200, 4000  # characters
MOST_UNITS = 200  # on one list: its page shows them all
MOST_LISTS = 100  # of one browser
PAGE = 24
SHOWN = 4  # units that stand for a list
NAMED_ON_UNIT = 12
WAYS = {"up": -1, "down": 1}

Place = tuple[str, str, int]
"""Where a unit is: model, layer, number."""


class ListDesk:
    """Makes lists and changes them for those who may."""

    def __init__(self, store: Store, browser: Browser) -> None:
        self.store = store
        self.browser = browser

    def page(self, list_id: str, browser: str | None) -> ListPage:
        """One list, as a browser sees it. Raises `NotFound`."""
        row = self.store.lists.get(list_id)
        cards = self._cards([_place(entry) for entry in row.entries])
        own = self.store.lists.of_browser(hashed(browser)) if browser else ()
        return ListPage(
            id=row.id,
            url=urls.unit_list(row.id),
            title=row.title,
            description=row.description,
            listed=row.listed,
            yours=is_of(row.browser, browser),
            edit_link=row.key is not None,
            created=row.created,
            changed=row.changed,
            most=MOST_UNITS,
            entries=[
                ListEntry(
                    model=entry.model,
                    layer=entry.layer,
                    unit=entry.unit,
                    url=urls.unit(*_place(entry)),
                    remark=entry.remark,
                    card=cards.get(_place(entry)),
                )
                for entry in row.entries
            ],
            mine=[_link(each, browser) for each in own if each.id != row.id],
        )

    def lists(self, browser: str | None, before: str | None = None) -> Lists:
        """The lists that anybody may find, and the browser's own."""
        rows = self.store.lists.public(before=before, limit=PAGE)
        own = self.store.lists.of_browser(hashed(browser)) if browser and not before else ()
        cards = self._cards([_place(entry) for row in (*rows, *own) for entry in row.entries[:SHOWN]])
        return Lists(
            lists=[_link(row, browser, cards) for row in rows],
            yours=[_link(row, browser, cards) for row in own],
            next=urls.with_query("/lists", before=rows[-1].id) if len(rows) == PAGE else None,
        )

    def of_unit(self, slug: str, layer: str, unit: int, browser: str | None) -> UnitLists:
        """A browser's lists, and other people's that have the unit."""
        own = self.store.lists.of_browser(hashed(browser)) if browser else ()
        others = self.store.lists.with_unit(slug, layer, unit, NAMED_ON_UNIT)
        place = (slug, layer, unit)
        return UnitLists(
            yours=[_listed_on(row, place) for row in own],
            others=[_listed_on(row, place) for row in others if not is_of(row.browser, browser)],
            action=urls.listing(slug, layer, unit),
        )

    def make(self, *, title: object, description: object, listed: bool, browser: str) -> str:
        """Make a list without units; returns its id. Raises `BadInput` for a title or description that cannot be kept, and
        where the browser has very many lists."""
        if len(self.store.lists.of_browser(hashed(browser))) >= MOST_LISTS:
            raise BadInput(f"title: you have {MOST_LISTS} lists already. Delete one of them first.", field="title")
        said, about = _titled(title), passage(description, "description", LONGEST_DESCRIPTION)
        row = UnitListRow(
            id=secrets.token_hex(8), browser=hashed(browser), title=said, description=about, listed=listed
        )
        self.store.lists.add(row)
        return row.id

    def begin(self, place: Place, *, title: object, remark: object, browser: str) -> str:
        """Make a list of one unit; returns its id. Raises as `make` and `put`, and then there is no new list."""
        self.browser.unit(*place)
        line(remark, "remark", LONGEST_REMARK)
        list_id = self.make(title=title, description="", listed=True, browser=browser)
        self.put(list_id, browser, place, remark=remark)
        return list_id

    def change(self, list_id: str, browser: str | None, *, title: object, description: object, listed: bool) -> None:
        """Give a list another title or description. Raises as `make`, and `NotFound` for another's list."""
        said, about = _titled(title), passage(description, "description", LONGEST_DESCRIPTION)

        def how(row: UnitListRow) -> None:
            row.title, row.description, row.listed = said, about, listed

        self._change(list_id, browser, how)

    def put(self, list_id: str, browser: str | None, place: Place, *, remark: object) -> None:
        """Put a unit at the end of a list, or change what is remarked of it there.

        Raises:
            NotFound: there is no such unit, or the list is another's.
            BadInput: the remark cannot be kept, or the list is full.
        """
        said = line(remark, "remark", LONGEST_REMARK)

        def how(row: UnitListRow) -> None:
            known = _find(row, place)
            if known is not None:
                known.remark = said
                return
            self.browser.unit(*place)
            _check_room(len(row.entries) + 1)
            row.entries.append(_entry(place, said))

        self._change(list_id, browser, how)

    def move(self, list_id: str, browser: str | None, place: Place, *, way: object) -> None:
        """Move a unit one place `up` or `down`; at the end it stays. Raises `NotFound`, and `BadInput` for another way."""
        if way not in ("up", "down"):
            raise BadInput("way: send up or down.", field="way")

        def how(row: UnitListRow) -> None:
            where = row.entries.index(_need(row, place))
            other = where + WAYS[str(way)]
            if 0 <= other < len(row.entries):
                row.entries.insert(other, row.entries.pop(where))

        self._change(list_id, browser, how)

    def take_off(self, list_id: str, browser: str | None, place: Place) -> None:
        """Take a unit off a list. Raises `NotFound`."""
        self._change(list_id, browser, lambda row: row.entries.remove(_need(row, place)))

    def copy(self, list_id: str, browser: str, into: str | None = None) -> str:
        """Copy a list into a new one, or what it has more into another of the browser's own; returns that one's id. Raises
        `NotFound`, and `BadInput` where there is no room."""
        row = self.store.lists.get(list_id)
        if into is None:
            title = f"{row.title} (copy)" if len(row.title) + 7 <= LONGEST_TITLE else row.title
            into = self.make(title=title, description=row.description, listed=row.listed, browser=browser)

        def how(other: UnitListRow) -> None:
            more = [entry for entry in row.entries if _find(other, _place(entry)) is None]
            _check_room(len(other.entries) + len(more))
            other.entries.extend(_entry(_place(entry), entry.remark) for entry in more)

        self._change(into, browser, how)
        return into

    def delete(self, list_id: str, browser: str | None) -> None:
        """Delete a list with its remarks. Raises `NotFound`."""
        self.store.lists.remove(list_id, lambda row: _check_own(row, browser))

    def new_key(self, list_id: str, browser: str | None) -> str:
        """A secret for the edit link of a list; the one before opens nothing any more. Raises `NotFound`."""
        key = secrets.token_urlsafe(24)

        def how(row: UnitListRow) -> None:
            row.key = _digest(key)

        self._change(list_id, browser, how)
        return key

    def opened(self, list_id: str, browser: str | None, key: str) -> ListPage:
        """The list that an edit link opens. Raises `NotFound`, also where the secret is not the list's."""
        _check_key(self.store.lists.get(list_id), key)
        return self.page(list_id, browser)

    def take_over(self, list_id: str, browser: str, key: object) -> None:
        """Make a browser that has the edit link the list's owner. Raises `NotFound`."""

        def how(row: UnitListRow) -> None:
            _check_key(row, str(key))
            row.browser = hashed(browser)

        self.store.lists.change(list_id, how)

    def _change(self, list_id: str, browser: str | None, how: Callable[[UnitListRow], None]) -> None:
        def checked(row: UnitListRow) -> None:
            _check_own(row, browser)
            how(row)

        self.store.lists.change(list_id, checked)

    def _cards(self, places: Sequence[Place]) -> dict[Place, UnitCard]:
        """The cards of those units that are served here now, by place."""
        wanted: dict[tuple[str, str], set[int]] = {}
        for slug, layer, unit in places:
            wanted.setdefault((slug, layer), set()).add(unit)
        found = {}
        for (slug, layer), units in wanted.items():
            clip = self.browser.residents.find(slug)
            channels = clip.layers[layer].channels if clip and layer in clip.layers else 0
            served = sorted(unit for unit in units if unit < channels)
            if served:
                cards = self.browser.cards(slug, layer, served, self.browser.index(slug, layer))
                found |= {(slug, layer, card.unit): card for card in cards}
        return found


def _place(entry: ListEntryRow) -> Place:
    return entry.model, entry.layer, entry.unit


def _entry(place: Place, remark: str) -> ListEntryRow:
    model, layer, unit = place
    return ListEntryRow(model=model, layer=layer, unit=unit, position=MOST_UNITS, remark=remark)


def _find(row: UnitListRow, place: Place) -> ListEntryRow | None:
    return next((entry for entry in row.entries if _place(entry) == place), None)


def _need(row: UnitListRow, place: Place) -> ListEntryRow:
    entry = _find(row, place)
    if entry is None:
        model, layer, unit = place
        raise NotFound(f"Unit {unit} of {layer}, {model}, is not on the list {row.title}.")
    return entry


def _check_own(row: UnitListRow, browser: str | None) -> None:
    if not is_of(row.browser, browser):
        raise NotFound("This list is another browser’s. Open its edit link if you have it, or copy the list.")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _check_key(row: UnitListRow, key: str) -> None:
    if row.key is None or not hmac.compare_digest(row.key, _digest(key)):
        raise NotFound("This edit link opens nothing: it is cut short, or its list has a newer one.")


def _check_room(units: int) -> None:
    if units > MOST_UNITS:
        raise BadInput(
            f"list: a list has at most {MOST_UNITS} units, and this would make it {units}. Take some off, or begin another.",
            field="list",
        )


def _titled(title: object) -> str:
    said = line(title, "title", LONGEST_TITLE)
    if not said:
        raise BadInput("title is missing. Say in a few words what the units have in common.", field="title")
    return said


def _link(row: UnitListRow, browser: str | None, cards: dict[Place, UnitCard] | None = None) -> ListLink:
    first = [_place(entry) for entry in row.entries[:SHOWN]]
    return ListLink(
        id=row.id,
        url=urls.unit_list(row.id),
        title=row.title,
        units=len(row.entries),
        listed=row.listed,
        yours=is_of(row.browser, browser),
        created=row.created,
        cards=[cards[place] for place in first if place in cards] if cards else [],
    )


def _listed_on(row: UnitListRow, place: Place) -> ListedOn:
    entry = _find(row, place)
    return ListedOn(
        id=row.id,
        url=urls.unit_list(row.id),
        title=row.title,
        on=entry is not None,
        remark=entry.remark if entry else "",
    )
