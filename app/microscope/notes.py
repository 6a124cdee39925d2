"""Notes about units: who says what, what others think of it, and what comes first."""

from app import urls
from app.answers.notes import Note, UnitNotes
from app.errors import BadInput, NotFound
from app.microscope.browsing import Browser
from app.microscope.naming import LONGEST_NAME, counted
from app.microscope.said import chosen_vote, hashed, line, passage
from app.spec import content_id
from app.store import NoteRow, NoteVoteRow, Store
from app.store.tables import now

LONGEST = 4000  # characters
MOST_NOTES = 100  # about one unit: nobody reads more


class NoteDesk:
    """Keeps one note a browser about each unit, and one vote a browser on each note."""

    def __init__(self, store: Store, browser: Browser) -> None:
        self.store = store
        self.browser = browser

    def section(self, slug: str, layer: str, unit: int, browser: str | None) -> UnitNotes:
        """The notes about a unit, as its page shows them to a browser."""
        rows = self.store.notes.of_unit(slug, layer, unit)
        ids, own = [row.id for row in rows], hashed(browser) if browser else None
        votes = self.store.notes.votes(ids) if ids else {}
        voted = self.store.notes.voted(ids, own) if ids and own else {}
        notes = [
            Note(
                id=row.id,
                text=row.text,
                name=row.name,
                created=row.created,
                changed=row.changed,
                votes=counted(votes.get(row.id), voted.get(row.id)),
                yours=row.browser == own,
            )
            for row in rows
        ]
        return UnitNotes(
            notes=sorted(notes, key=lambda note: note.votes.down - note.votes.up),
            longest=LONGEST,
            action=urls.notes(slug, layer, unit),
            vote_action=urls.notes(slug, layer, unit, "votes"),
            undo_action=urls.notes(slug, layer, unit, "undo"),
        )

    def checked(self, text: object, name: object) -> tuple[str, str]:
        """A note's text and its author's name as they would be kept. Raises `BadInput`."""
        note, who = passage(text, "note", LONGEST), line(name, "name", LONGEST_NAME)
        if not note:
            raise BadInput("note is missing. Write what you found out about the unit.", field="note")
        return note, who

    def say(self, slug: str, layer: str, unit: int, *, text: object, name: object, browser: str) -> str:
        """Keep what somebody notes about a unit, in the place of what the same browser noted before; returns the note's id.

        Raises:
            NotFound: there is no such unit.
            BadInput: no text, one that is too long or cannot be shown, or the unit has very many notes already.
        """
        self.browser.unit(slug, layer, unit)
        note, who = self.checked(text, name)
        own, known = hashed(browser), self.store.notes.of_unit(slug, layer, unit)
        note_id = content_id("note", slug, layer, str(unit), own)
        if len(known) >= MOST_NOTES and note_id not in {row.id for row in known}:
            raise BadInput(f"note: this unit has {MOST_NOTES} notes already. Vote for those that help.", field="note")
        self.store.notes.put(
            NoteRow(
                id=note_id,
                model=slug,
                layer=layer,
                unit=unit,
                browser=own,
                text=note,
                name=who,
                changed=None,
                created=now(),
            )
        )
        return note_id

    def unsay(self, slug: str, layer: str, unit: int, browser: str | None) -> None:
        """Take back what a browser noted about a unit, and the votes on it."""
        self.browser.unit(slug, layer, unit)
        if browser:
            self.store.notes.remove(content_id("note", slug, layer, str(unit), hashed(browser)))

    def vote(self, slug: str, layer: str, unit: int, *, note: object, vote: object, browser: str) -> None:
        """Count whether a browser finds a note about a unit helpful: `up`, `down`, or `none` to take it back.

        Raises:
            NotFound: there is no such unit, or no such note about it.
            BadInput: another vote, or the note is the browser's own.
        """
        self.browser.unit(slug, layer, unit)
        row, own = self.store.notes.get(str(note)), hashed(browser)
        if (row.model, row.layer, row.unit) != (slug, layer, unit):
            raise NotFound(f"note: there is no note {row.id} about this unit.", field="note")
        up = chosen_vote(vote)
        if row.browser == own:
            raise BadInput("vote: this note is yours. Others say whether it helps.", field="vote")
        if up is None:
            self.store.notes.unvote(row.id, own)
        else:
            self.store.notes.vote(NoteVoteRow(note=row.id, browser=own, up=up))
