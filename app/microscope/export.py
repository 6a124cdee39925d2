"""All that people said on a server as one JSON file, made row by row so that its length costs no memory."""

import json
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from app.answers.export import CountedVotes, SaidLabel, SaidNote, SharedEntry, SharedList
from app.store import NoteRow, Store, UnitLabelRow, UnitListRow
from app.store.labels import Votes
from app.store.tables import now


def as_json(store: Store) -> Iterator[bytes]:
    """The file in parts; whole it is an `Export`."""
    yield f'{{"exported": {json.dumps(now().isoformat())}'.encode()
    yield from _array("labels", (_label(row) for row in store.labels.every()))
    yield from _array("label_votes", (_votes(*each) for each in store.labels.every_vote()))
    yield from _array("notes", (_note(*each) for each in store.notes.every()))
    yield from _array("lists", (_list(row) for row in store.lists.every_public()))
    yield b"\n}\n"


def _array(name: str, rows: Iterable[BaseModel]) -> Iterator[bytes]:
    yield f',\n"{name}": ['.encode()
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + row.model_dump_json().encode()
    yield b"]"


def _label(row: UnitLabelRow) -> SaidLabel:
    return SaidLabel(
        model=row.model,
        layer=row.layer,
        unit=row.unit,
        text=row.text,
        accepted=row.accepted,
        name=row.name,
        created=row.created,
    )


def _votes(model: str, layer: str, unit: int, label: str, votes: Votes) -> CountedVotes:
    return CountedVotes(model=model, layer=layer, unit=unit, label=label, up=votes.up, down=votes.down)


def _note(row: NoteRow, votes: Votes) -> SaidNote:
    return SaidNote(
        id=row.id,
        model=row.model,
        layer=row.layer,
        unit=row.unit,
        text=row.text,
        name=row.name,
        created=row.created,
        changed=row.changed,
        up=votes.up,
        down=votes.down,
    )


def _list(row: UnitListRow) -> SharedList:
    entries = [
        SharedEntry(model=each.model, layer=each.layer, unit=each.unit, remark=each.remark) for each in row.entries
    ]
    return SharedList(
        id=row.id,
        title=row.title,
        description=row.description,
        created=row.created,
        changed=row.changed,
        entries=entries,
    )
