"""Which picture? Where a quiz begins, its questions, and what was answered: pages, and POSTs that lead to them."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.answers.quizzes import QuizPage, QuizStart, TrialPage
from app.errors import BadInput
from app.web import browser_id
from app.web.actions import made
from app.web.browser_id import BrowserId
from app.web.forms import Texts
from app.web.media import picture
from app.web.pages import page
from app.web.saying import refused
from app.web.scope import Choice, Name, Number, Pages, Scope, Slug

router = APIRouter(tags=["quizzes"])

_BEGIN = Texts(("reference",), ("corpus",))
_ANSWER = Texts(("picture",), numbers=("picture",))

PRIVATE = "private, max-age=3600"
"""For pictures that only the person who is asked may see."""


@page("/models/{slug}/{layer}/quiz", "quiz_start.html", on=router)
def layer_quiz(
    microscope: Scope, slug: Slug, layer: Name, corpus: Choice = None, browser: BrowserId = None
) -> QuizStart:
    """Where a quiz on units of a layer begins: another one, drawn by chance, with each question."""
    return microscope.quiz_desk.start(slug, layer, None, corpus or None, browser)


@page("/models/{slug}/{layer}/{unit}/quiz", "quiz_start.html", on=router)
def unit_quiz(
    microscope: Scope, slug: Slug, layer: Name, unit: Number, corpus: Choice = None, browser: BrowserId = None
) -> QuizStart:
    """Where a quiz on one unit begins, and how people did so far."""
    return microscope.quiz_desk.start(slug, layer, unit, corpus or None, browser)


@page("/quizzes/{quiz_id}", "quiz.html", on=router)
def quiz(microscope: Scope, quiz_id: Name, browser: BrowserId = None) -> QuizPage:
    """A quiz: what was answered, and the score so far."""
    return microscope.quiz_desk.page(quiz_id, browser)


@router.get("/quizzes/{quiz_id}/{number}/{place}.webp", include_in_schema=False, response_class=Response)
def quiz_picture(
    request: Request, microscope: Scope, quiz_id: Name, number: Number, place: Number, browser: BrowserId = None
) -> Response:
    """One of the two pictures of a question."""
    found = microscope.quiz_desk.image(quiz_id, number, place, browser)
    return picture(request, microscope.corpus_image(*found), cache=PRIVATE)


@page("/quizzes/{quiz_id}/{number}", "quiz_trial.html", on=router)
def trial(microscope: Scope, quiz_id: Name, number: Number, browser: BrowserId = None) -> TrialPage:
    """One question of a quiz; once it is answered, whether that was right, and what both pictures do to the unit."""
    return microscope.quiz_desk.trial_page(quiz_id, number, browser)


@router.post(
    "/models/{slug}/{layer}/quiz",
    openapi_extra=_BEGIN.body,
    response_model=None,
    status_code=303,
)
async def begin_on_layer(
    request: Request, microscope: Scope, views: Pages, slug: Slug, layer: Name, known: BrowserId = None
) -> Response:
    """Begin a quiz on units of a layer, or go on with it: 303 to the question, or for JSON 201."""
    return await _begin(request, microscope, views, slug, layer, None, known)


@router.post(
    "/models/{slug}/{layer}/{unit}/quiz",
    openapi_extra=_BEGIN.body,
    response_model=None,
    status_code=303,
)
async def begin_on_unit(
    request: Request, microscope: Scope, views: Pages, slug: Slug, layer: Name, unit: Number, known: BrowserId = None
) -> Response:
    """Begin a quiz on a unit, or go on with it: `reference` is natural or rendered. 303 to the question, or for JSON 201."""
    return await _begin(request, microscope, views, slug, layer, unit, known)


async def _begin(
    request: Request, microscope: Scope, views: Pages, slug: str, layer: str, unit: int | None, known: str | None
) -> Response:
    values = await _BEGIN.read(request)
    browser, corpus = known or browser_id.new(), values.get("corpus") or None
    desk = microscope.quiz_desk
    try:
        quiz_id, number = await run_in_threadpool(
            desk.begin, slug, layer, unit, reference=values.get("reference"), corpus=corpus, browser=browser
        )
    except BadInput as error:
        shown = partial(desk.start, slug, layer, unit, corpus, known)
        return await refused(request, views, "quiz_start.html", shown, error)
    return made(request, urls.quiz_trial(quiz_id, number), quiz_id, created=True, browser=browser)


@router.post(
    "/quizzes/{quiz_id}/{number}",
    openapi_extra=_ANSWER.body,
    response_model=None,
    status_code=303,
)
async def answer(
    request: Request, microscope: Scope, views: Pages, quiz_id: Name, number: Number, known: BrowserId = None
) -> Response:
    """Say which `picture`, 1 or 2, excites the unit more: 303 back to the question, which tells then; or for JSON 200."""
    values, desk = await _ANSWER.read(request), microscope.quiz_desk
    try:
        await run_in_threadpool(desk.answer, quiz_id, number, known, values.get("picture"))
    except BadInput as error:
        shown = partial(desk.trial_page, quiz_id, number, known)
        return await refused(request, views, "quiz_trial.html", shown, error)
    return made(request, urls.quiz_trial(quiz_id, number), quiz_id, created=False)
