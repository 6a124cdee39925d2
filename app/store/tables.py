"""The tables: what people made (facets, renders, looks, labels) and where each stands. Artefacts themselves are files."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, MetaData, String, Text, TypeDecorator, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
UNFINISHED = ("queued", "running")  # states of what the next start takes up again
UNDRAWN = ("cancelled", "failed", "cleared")  # states of a render that the same spec draws anew


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


class Clipped(TypeDecorator[str]):
    """Text that others made, kept as far as it fits and without the NUL that PostgreSQL refuses."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value and value.replace("\0", "")[: self.length]


class Utc(TypeDecorator[datetime]):
    """A moment in UTC, which databases keep without its zone: it comes back with it."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON}


class FacetRow(Base):
    """A facet: its images, the state of its training and the report. The weights are a file."""

    __tablename__ = "facets"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(200), index=True)
    corpus: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    progress: Mapped[str] = mapped_column(Clipped(200), default="")
    error: Mapped[str | None] = mapped_column(Clipped(2000))
    shipped: Mapped[bool] = mapped_column(default=False)
    spatial: Mapped[bool] = mapped_column(default=False, server_default=false())
    positives: Mapped[int] = mapped_column(default=0)
    negatives: Mapped[int] = mapped_column(default=0)
    refused: Mapped[list[Any]] = mapped_column(default=list)
    layers: Mapped[list[Any]] = mapped_column(default=list)
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    created: Mapped[datetime] = mapped_column(default=now)
    images: Mapped[list["FacetImageRow"]] = relationship(
        order_by="FacetImageRow.position", cascade="all, delete-orphan", lazy="selectin"
    )


class FacetImageRow(Base):
    """One image of a facet, by the id of its stored picture."""

    __tablename__ = "facet_images"

    facet_id: Mapped[str] = mapped_column(ForeignKey("facets.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    blob: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(Clipped(300))


class RenderRow(Base):
    """A render: the canonical spec, the parts of it that lists are filtered by, and what came of it.

    `unit` is None where something else than a unit is made large; `facet` is the first of several. `facet_scores` maps
    every facet that the model had to its probe's probability for the finished picture; `parts` are the units that
    weigh most in what was made large, as [unit, weight]. One that is `pinned` keeps its pictures; a `cleared` one has lost
    them to make room.
    """

    __tablename__ = "renders"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    spec: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    unit: Mapped[int | None]
    picture: Mapped[str | None] = mapped_column(String(64))
    facet: Mapped[str | None] = mapped_column(String(100), index=True)
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    step: Mapped[int] = mapped_column(default=0)
    first_activation: Mapped[float | None]
    activation: Mapped[float | None]
    activation_sd: Mapped[float | None]
    activation_percentile: Mapped[float | None]
    facet_score: Mapped[float | None]
    facet_scores: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    parts: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    elapsed_s: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str | None] = mapped_column(Clipped(2000))
    pinned: Mapped[bool] = mapped_column(default=False, server_default=false())
    created: Mapped[datetime] = mapped_column(default=now, index=True)

    __table_args__ = (Index(None, "model", "layer", "unit"),)


class LookRow(Base):
    """An uploaded picture and the units it drives."""

    __tablename__ = "looks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(Clipped(300))
    model: Mapped[str] = mapped_column(String(200))
    corpus: Mapped[str | None] = mapped_column(String(200))
    blob: Mapped[str] = mapped_column(String(32))
    layers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=now, index=True)


class FindingRow(Base):
    """What an instrument found: the canonical spec, the parts of it that lists are filtered by, and the result so far."""

    __tablename__ = "findings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    spec: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    unit: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    progress: Mapped[str] = mapped_column(Clipped(200), default="")
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    elapsed_s: Mapped[float] = mapped_column(default=0.0)
    error: Mapped[str | None] = mapped_column(Clipped(2000))
    created: Mapped[datetime] = mapped_column(default=now, index=True)

    __table_args__ = (Index(None, "kind", "model", "layer", "unit"),)


class UnitLabelRow(Base):
    """What somebody calls a unit, one label a browser: the automatic one (`accepted`) or another. `browser` is a hash of
    an anonymous cookie, `name` what they call themselves, if anything."""

    __tablename__ = "unit_labels"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    layer: Mapped[str] = mapped_column(String(100), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True)
    browser: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(String(80))
    accepted: Mapped[bool]
    name: Mapped[str] = mapped_column(String(40), default="")
    created: Mapped[datetime] = mapped_column(default=now)


class LabelVoteRow(Base):
    """Whether somebody thinks that an automatic label, the `word`, is right for a unit, one vote a browser."""

    __tablename__ = "label_votes"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    layer: Mapped[str] = mapped_column(String(100), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(80), primary_key=True)
    browser: Mapped[str] = mapped_column(String(32), primary_key=True)
    up: Mapped[bool]
    created: Mapped[datetime] = mapped_column(default=now)


class LabellingRow(Base):
    """A blind labelling of one unit's pictures by one browser: `images` in the order shown, the band of each, the bands'
    `edges` in standard deviations, and `tags`, each a place in that order with a category."""

    __tablename__ = "labellings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    unit: Mapped[int]
    corpus: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40), default="")
    images: Mapped[list[Any]]
    bands: Mapped[list[Any]]
    edges: Mapped[list[Any]]
    categories: Mapped[list[Any]] = mapped_column(default=list)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    finished: Mapped[datetime | None]
    created: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "model", "layer", "unit"),)


class QuizRow(Base):
    """Somebody's quiz on a unit or, where `unit` is None, on units of a layer drawn by chance. `reference` is the kind of
    pictures that are shown beside the questions, `key` that of the index they are drawn from."""

    __tablename__ = "quizzes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    unit: Mapped[int | None]
    corpus: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(16))
    browser: Mapped[str] = mapped_column(String(32))
    created: Mapped[datetime] = mapped_column(default=now)
    trials: Mapped[list["QuizTrialRow"]] = relationship(
        order_by="QuizTrialRow.number", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (Index(None, "model", "layer", "unit"),)


class QuizTrialRow(Base):
    """One question of a quiz, from 1: the references at either end (numbers of images, or addresses of renders), the `pair`
    of images in the order shown, what each does to the unit, which is the `answer`, and which was `chosen`, if any yet."""

    __tablename__ = "quiz_trials"

    quiz_id: Mapped[str] = mapped_column(ForeignKey("quizzes.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[int]
    seed: Mapped[int]
    strongest: Mapped[list[Any]]
    weakest: Mapped[list[Any]]
    pair: Mapped[list[Any]]
    activations: Mapped[list[Any]]
    sds: Mapped[list[Any]]
    answer: Mapped[int]
    chosen: Mapped[int | None]
    asked: Mapped[datetime] = mapped_column(default=now)
    answered: Mapped[datetime | None]


class SurveyRow(Base):
    """Somebody's survey of a layer: the `units` that the `seed` drew, in the order shown."""

    __tablename__ = "surveys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    corpus: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(64))
    seed: Mapped[int]
    units: Mapped[list[Any]]
    browser: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(40), default="")
    created: Mapped[datetime] = mapped_column(default=now)
    judgements: Mapped[list["JudgementRow"]] = relationship(
        order_by="JudgementRow.place", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (Index(None, "model", "layer"),)


class JudgementRow(Base):
    """What somebody judged of the unit at a place, from 1, of their survey, and what they say it is, if anything."""

    __tablename__ = "judgements"

    survey_id: Mapped[str] = mapped_column(ForeignKey("surveys.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    unit: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(String(80), default="")
    created: Mapped[datetime] = mapped_column(default=now)


class NoteRow(Base):
    """A note in Markdown about a unit, one a browser. `id` is what its votes and its address go by; `browser` is a hash of
    an anonymous cookie, `name` what its author calls themselves, if anything."""

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    model: Mapped[str] = mapped_column(String(200))
    layer: Mapped[str] = mapped_column(String(100))
    unit: Mapped[int]
    browser: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(40), default="")
    changed: Mapped[datetime | None]
    created: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "model", "layer", "unit"),)


class NoteVoteRow(Base):
    """Whether somebody finds a note helpful as it stands, one vote a browser."""

    __tablename__ = "note_votes"

    note: Mapped[str] = mapped_column(ForeignKey("notes.id", ondelete="CASCADE"), primary_key=True)
    browser: Mapped[str] = mapped_column(String(32), primary_key=True)
    up: Mapped[bool]
    created: Mapped[datetime] = mapped_column(default=now)


class UnitListRow(Base):
    """A list of units: who may change it is the `browser`, a hash of an anonymous cookie; `key` is the SHA-256 of the secret
    in its edit link, if it has one. One that is not `listed` is found only by its address."""

    __tablename__ = "unit_lists"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    browser: Mapped[str] = mapped_column(String(32), index=True)
    key: Mapped[str | None] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(Text, default="")
    listed: Mapped[bool] = mapped_column(default=True)
    changed: Mapped[datetime] = mapped_column(default=now)
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    entries: Mapped[list["ListEntryRow"]] = relationship(
        order_by="ListEntryRow.position", cascade="all, delete-orphan", lazy="selectin"
    )


class ListEntryRow(Base):
    """A unit on a list, with what is remarked of it; a unit is on a list once."""

    __tablename__ = "list_entries"

    list_id: Mapped[str] = mapped_column(ForeignKey("unit_lists.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    layer: Mapped[str] = mapped_column(String(100), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    remark: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index(None, "model", "layer", "unit"),)


class KeyRow(Base):
    """A key that a program or a person shows to be let in: what it is good for, and the SHA-256 of it."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(8))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[datetime] = mapped_column(default=now)


class SessionRow(Base):
    """A browser that came in: `id` is a hash of its cookie. Without a `key` it came in with the shared secret, which the
    hash is then made with: another secret ends the session."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str | None] = mapped_column(ForeignKey("api_keys.name", ondelete="CASCADE"), index=True)
    ends: Mapped[datetime] = mapped_column(index=True)
