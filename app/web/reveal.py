"""Whether a browser wants to see sensitive units: POST, remembered in a cookie, answered by a redirect to where they were."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from app.errors import BadInput
from app.web.back import own_page
from app.web.browser_id import LASTS_S
from app.web.forms import Texts
from app.web.views import REVEALED

router = APIRouter(tags=["actions"])

_FORM = Texts(("back", "show"))


@router.post("/reveal", openapi_extra=_FORM.body, response_model=None, status_code=303)
async def reveal(request: Request) -> Response:
    """Show the pictures of sensitive units from now on (`show` is 1), or blur them again (0): 303 to the page `back`."""
    values = await _FORM.read(request)
    back = own_page(values.get("back", ""))
    if values.get("show") not in ("0", "1"):
        raise BadInput("show: send 1 to show sensitive units, or 0 to blur them.", field="show")
    response = RedirectResponse(back, 303)
    if values["show"] == "1":
        secure = request.url.scheme == "https"
        response.set_cookie(REVEALED, "1", max_age=LASTS_S, httponly=True, samesite="lax", secure=secure)
    else:
        response.delete_cookie(REVEALED)
    return response
