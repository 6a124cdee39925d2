"""Surveys: units of a layer drawn by chance, which a person judges one after the other, and what comes of it."""

import secrets
from collections.abc import Sequence
from contextlib import suppress

from app import urls
from app.answers.surveys import (
    JudgedUnit,
    OtherSurvey,
    SurveyLink,
    SurveyPage,
    SurveyStart,
    SurveyUnit,
    Verdict,
    VerdictShare,
)
from app.corpus.index import Index
from app.errors import BadInput, NotFound
from app.lab.agreement import agreement
from app.lab.proportion import share
from app.lab.survey import PUBLISHED, UNITS, VERDICTS, draw
from app.microscope.browsing import Browser
from app.microscope.said import hashed, is_of, line
from app.microscope.survey_units import SurveyUnits
from app.spec import content_id
from app.store import JudgementRow, Store, SurveyRow

LONGEST_NAME, LONGEST_WORDS = 40, 80  # characters
LARGEST_SEED = 2**31 - 1


class SurveyDesk:
    """Begins surveys and keeps what is judged."""

    def __init__(self, store: Store, browser: Browser) -> None:
        self.store = store
        self.browser = browser
        self.units = SurveyUnits(store, browser)

    def start(self, slug: str, layer: str, corpus: str | None, browser: str | None) -> SurveyStart:
        """Where a survey begins. Raises `NotFound` for a layer that there is not."""
        channels = self.browser.layer(slug, layer).channels
        index = self.browser.index(slug, layer, corpus)
        return SurveyStart(
            model=slug,
            layer=layer,
            url=urls.survey_start(slug, layer, corpus),
            layer_url=urls.layer(slug, layer),
            corpus=index.manifest.name if index else None,
            units=min(UNITS, channels),
            why="" if index else self.browser.unindexed(slug, layer),
            surveys=[_link(row, browser) for row in reversed(self.store.surveys.of_layer(slug, layer))],
        )

    def begin(
        self,
        slug: str,
        layer: str,
        *,
        name: object,
        corpus: str | None,
        seed: object,
        like: object,
        browser: str,
    ) -> tuple[str, int]:
        """The id of a browser's survey, begun if there is none of these units, and the first place that is not judged. The
        units are drawn with a `seed`, a new one if none is given, or are those of the survey `like`.

        Raises:
            NotFound: no such layer or survey.
            BadInput: no images are indexed, a name that is too long, a seed that is none, or a survey of another layer.
        """
        channels = self.browser.layer(slug, layer).channels
        model = self.store.surveys.get(str(like)) if like else None
        if model is not None and (model.model, model.layer) != (slug, layer):
            raise BadInput(f"like: survey {model.id} is of {model.layer} of {model.model}.", field="like")
        index = self.browser.index(slug, layer, model.corpus if model else corpus)
        if index is None:
            raise BadInput(self.browser.unindexed(slug, layer))
        chosen = model.seed if model else _seed(seed)
        row = SurveyRow(
            id=content_id("survey", index.manifest.activations_key, layer, str(chosen), hashed(browser)),
            model=slug,
            layer=layer,
            corpus=index.manifest.name,
            key=index.manifest.activations_key,
            seed=chosen,
            units=model.units if model else draw(channels, chosen),
            browser=hashed(browser),
            name=line(name, "name", LONGEST_NAME),
        )
        self.store.surveys.add(row)
        return row.id, _open(self.store.surveys.get(row.id)) or 1

    def judge(self, survey_id: str, place: int, browser: str | None, *, verdict: object, words: object) -> int | None:
        """Keep what is judged of the unit at a place, another verdict than before in its place. Returns the next place that is
        not judged; None where all are.

        Raises:
            NotFound: no such survey or place, or it is another's.
            BadInput: another verdict, or too long a description.
        """
        row = self.store.surveys.get(survey_id)
        _check(row, place, browser)
        self._need_corpus(row)
        if verdict not in VERDICTS:
            raise BadInput(f"verdict: choose one of {', '.join(VERDICTS)}.", field="verdict")
        said = line(words, "words", LONGEST_WORDS)
        self.store.surveys.judge(
            JudgementRow(survey_id=survey_id, place=place, unit=row.units[place - 1], verdict=str(verdict), words=said)
        )
        return _open(self.store.surveys.get(survey_id), place)

    def page(self, survey_id: str, browser: str | None) -> SurveyPage:
        """A survey as an answer. Raises `NotFound`."""
        row = self.store.surveys.get(survey_id)
        yours, following = is_of(row.browser, browser), _open(row)
        told = yours or following is None
        return SurveyPage(
            id=row.id,
            url=urls.survey(row.id),
            model=row.model,
            layer=row.layer,
            start_url=urls.survey_start(row.model, row.layer, row.corpus),
            layer_url=urls.layer(row.model, row.layer),
            corpus=row.corpus,
            seed=row.seed,
            name=row.name,
            yours=yours,
            units=len(row.units),
            judged=len(row.judgements),
            next=urls.survey_unit(row.id, following) if yours and following else None,
            shares=_shares(row),
            judgements=self._judged(row, yours) if told else [],
            others=self._others(row, browser) if told else [],
        )

    def unit_page(self, survey_id: str, place: int, browser: str | None) -> SurveyUnit:
        """A unit of a survey as an answer, without its name. Raises `NotFound`, also for another person's survey and where its
        corpus is not there any more."""
        row = self.store.surveys.get(survey_id)
        _check(row, place, browser)
        unit, index = row.units[place - 1], self._need_corpus(row)
        judged = next((each for each in row.judgements if each.place == place), None)
        return SurveyUnit.model_validate(
            {
                "survey": urls.survey(row.id),
                "url": urls.survey_unit(row.id, place),
                "place": place,
                "units": len(row.units),
                "judged": len(row.judgements),
                "model": row.model,
                "layer": row.layer,
                "layer_url": urls.layer(row.model, row.layer),
                "unit": unit,
                "corpus": row.corpus,
                "sensitive": bool(self.browser.titles(row.model, row.layer, row.corpus).themes(unit)),
                **self.units.shown(index, row.model, row.layer, unit),
                "verdict": judged.verdict if judged else None,
                "words": judged.words if judged else "",
                "previous": urls.survey_unit(row.id, place - 1) if place > 1 else None,
                "next": urls.survey_unit(row.id, place + 1) if judged and place < len(row.units) else None,
                "shares": _shares(row),
            }
        )

    def _corpus(self, row: SurveyRow) -> Index | None:
        """The index that a survey was begun on; None where its pictures are other ones by now."""
        with suppress(NotFound):
            return self._need_corpus(row)
        return None

    def _need_corpus(self, row: SurveyRow) -> Index:
        return self.browser.indexes.begun_on(row.corpus, row.key)

    def _judged(self, row: SurveyRow, yours: bool) -> list[JudgedUnit]:
        index, titles = self._corpus(row), self.browser.titles(row.model, row.layer, row.corpus)
        return [
            JudgedUnit.model_validate(
                {
                    "place": each.place,
                    "unit": each.unit,
                    "unit_url": urls.unit(row.model, row.layer, each.unit),
                    "label": titles[each.unit].text,
                    "sensitive": bool(titles.themes(each.unit)),
                    "thumbnail": self.browser.gallery.thumbnail(row.model, row.layer, each.unit, index),
                    "verdict": each.verdict,
                    "words": each.words,
                    "change": urls.survey_unit(row.id, each.place) if yours else None,
                }
            )
            for each in row.judgements
        ]

    def _others(self, row: SurveyRow, browser: str | None) -> list[OtherSurvey]:
        """The others of the layer, those of the same units first; of each as much as its page would tell."""
        ours = {each.unit: each.verdict for each in row.judgements}
        found = []
        for other in self.store.surveys.of_layer(row.model, row.layer):
            if other.id == row.id or not other.judgements:
                continue
            told = _open(other) is None or is_of(other.browser, browser)
            both = agreement(ours, {each.unit: each.verdict for each in other.judgements}) if told else None
            found.append(
                OtherSurvey(
                    survey=_link(other, browser),
                    same_units=set(other.units) == set(row.units),
                    both=both.count if both else 0,
                    equal=both.equal if both else None,
                    kappa=both.kappa if both else None,
                )
            )
        return sorted(found, key=lambda each: not each.same_units)


def _shares(row: SurveyRow, verdicts: Sequence[Verdict] = VERDICTS) -> list[VerdictShare]:
    judged = [each.verdict for each in row.judgements]
    return [
        VerdictShare(
            verdict=verdict,
            **vars(share(judged.count(verdict), len(judged))),
            published=PUBLISHED[verdict].share,
            published_low=PUBLISHED[verdict].low,
            published_high=PUBLISHED[verdict].high,
        )
        for verdict in verdicts
    ]


def _link(row: SurveyRow, browser: str | None) -> SurveyLink:
    return SurveyLink(
        id=row.id,
        url=urls.survey(row.id),
        name=row.name,
        yours=is_of(row.browser, browser),
        seed=row.seed,
        units=len(row.units),
        judged=len(row.judgements),
        interpretable=_shares(row, VERDICTS[:1])[0],
    )


def _open(row: SurveyRow, after: int = 0) -> int | None:
    """The first place that is not judged, beginning behind a place; None where all are."""
    judged = {each.place for each in row.judgements}
    places = [*range(after + 1, len(row.units) + 1), *range(1, after + 1)]
    return next((place for place in places if place not in judged), None)


def _seed(value: object) -> int:
    text = "" if value is None else str(value).strip()
    if not text:
        return secrets.randbelow(LARGEST_SEED + 1)
    if not text.isdecimal() or not text.isascii() or len(text) > 10 or int(text) > LARGEST_SEED:
        raise BadInput(f"seed: a whole number from 0 to {LARGEST_SEED:,}, or leave it empty.", field="seed")
    return int(text)


def _check(row: SurveyRow, place: int, browser: str | None) -> None:
    if not is_of(row.browser, browser):
        raise NotFound(
            "This survey is another person's. Judge the same units yourself: its page has a button for that."
        )
    if not 1 <= place <= len(row.units):
        raise NotFound(f"Survey {row.id} has units 1 to {len(row.units)}; there is no {place}.")
