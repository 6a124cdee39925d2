"""Surveys of a layer: where one begins, its units, and what was judged: pages, and POSTs that lead to them."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.answers.surveys import SurveyPage, SurveyStart, SurveyUnit
from app.errors import BadInput
from app.web import browser_id
from app.web.actions import made
from app.web.browser_id import BrowserId
from app.web.forms import Texts
from app.web.pages import page
from app.web.saying import refused
from app.web.scope import Choice, Name, Number, Pages, Scope, Slug

router = APIRouter(tags=["surveys"])

_BEGIN = Texts(optional=("name", "corpus", "seed", "like"), numbers=("seed",))
_JUDGE = Texts(("verdict",), ("words",))


@page("/models/{slug}/{layer}/survey", "survey_start.html", on=router)
def start(microscope: Scope, slug: Slug, layer: Name, corpus: Choice = None, browser: BrowserId = None) -> SurveyStart:
    """Where a survey of a layer begins, and those that people made of it."""
    return microscope.survey_desk.start(slug, layer, corpus or None, browser)


@page("/surveys/{survey_id}", "survey.html", on=router)
def survey(microscope: Scope, survey_id: Name, browser: BrowserId = None) -> SurveyPage:
    """A survey: which share of the units is interpretable, and how far others agree."""
    return microscope.survey_desk.page(survey_id, browser)


@page("/surveys/{survey_id}/{place}", "survey_unit.html", on=router)
def unit(microscope: Scope, survey_id: Name, place: Number, browser: BrowserId = None) -> SurveyUnit:
    """One unit of one's own survey, to be judged."""
    return microscope.survey_desk.unit_page(survey_id, place, browser)


@router.post(
    "/models/{slug}/{layer}/survey",
    openapi_extra=_BEGIN.body,
    response_model=None,
    status_code=303,
)
async def begin(
    request: Request, microscope: Scope, views: Pages, slug: Slug, layer: Name, known: BrowserId = None
) -> Response:
    """Begin a survey: of units drawn by chance, with a `seed` of its own, or of those of the survey `like`. 303 to the first
    unit, or for JSON 201."""
    values, desk = await _BEGIN.read(request), microscope.survey_desk
    browser, corpus = known or browser_id.new(), values.get("corpus") or None
    try:
        survey_id, place = await run_in_threadpool(
            desk.begin,
            slug,
            layer,
            name=values.get("name"),
            corpus=corpus,
            seed=values.get("seed"),
            like=values.get("like"),
            browser=browser,
        )
    except BadInput as error:
        shown = partial(desk.start, slug, layer, corpus, known)
        return await refused(request, views, "survey_start.html", shown, error, values=values)
    return made(request, urls.survey_unit(survey_id, place), survey_id, created=True, browser=browser)


@router.post(
    "/surveys/{survey_id}/{place}",
    openapi_extra=_JUDGE.body,
    response_model=None,
    status_code=303,
)
async def judge(
    request: Request, microscope: Scope, views: Pages, survey_id: Name, place: Number, known: BrowserId = None
) -> Response:
    """Judge the unit at a `place`: interpretable, polysemantic or uninterpretable, and `words` for what it is. 303 to the next
    unit, or where all are judged to the survey; for JSON 200."""
    values, desk = await _JUDGE.read(request), microscope.survey_desk
    try:
        following = await run_in_threadpool(
            desk.judge, survey_id, place, known, verdict=values.get("verdict"), words=values.get("words")
        )
    except BadInput as error:
        shown = partial(desk.unit_page, survey_id, place, known)
        return await refused(request, views, "survey_unit.html", shown, error, values=values)
    url = urls.survey_unit(survey_id, following) if following else urls.survey(survey_id)
    return made(request, url, survey_id, created=False)
