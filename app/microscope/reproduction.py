"""What the paper's experiments are run on: a model and an index of this data folder, or the reasons why they are not here."""

from pathlib import Path

from app.corpus.index import Index
from app.errors import FacetscopeError, WeightsMissing
from app.lab.reproduce.material import Material
from app.microscope.application import Microscope
from app.microscope.indexes import Indexes


def material(
    microscope: Microscope, index: str | None, *, reference: Path | None, words: int, units: int | None
) -> Material:
    """Load the first served model and find the named index, or its first; where it has none, that of the corpus that it
    brings along is built.

    Raises:
        NotFound: the model has no index of that name.
    """
    residents, indexes = microscope.residents, microscope.indexes
    slug = residents.default
    residents.load(slug)
    clip = residents.find(slug) or WeightsMissing(residents.state(slug)[1])
    corpus = clip if isinstance(clip, WeightsMissing) else _index(indexes, slug, index)
    return Material(
        slug=slug,
        clip=clip,
        index=corpus,
        fixed=isinstance(corpus, Index) and indexes.fixed(corpus),
        data=microscope.settings.data,
        reference=reference,
        words=words,
        units=units,
    )


def _index(indexes: Indexes, slug: str, name: str | None) -> Index | FacetscopeError:
    if name:
        return indexes.need(slug, name)
    if indexes.find(slug) is None:
        indexes.build_own(slug)
    try:
        return indexes.need(slug)
    except FacetscopeError as error:
        return error
