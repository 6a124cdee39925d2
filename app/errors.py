"""Errors for people: each carries an HTTP status and one sentence that names the field, the limit and the remedy."""


class FacetscopeError(Exception):
    """The base of every error a reader may see; `detail` is the whole message, safe to show."""

    status = 500
    title = "Something went wrong"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class NotFound(FacetscopeError):
    """The address names something that does not exist."""

    status = 404
    title = "Not found"


class BadInput(FacetscopeError):
    """A form or command-line value lies outside what is allowed."""

    status = 422
    title = "That input cannot be used"


class TooLarge(FacetscopeError):
    """More bytes, pixels or files than the limit."""

    status = 413
    title = "Too large"


class TooSlow(FacetscopeError):
    """A request's body did not arrive in time; whoever sends a byte now and then would hold a place for ever."""

    status = 408
    title = "Too slow"


class NotAnImage(FacetscopeError):
    """The bytes are no picture of a format we read."""

    status = 415
    title = "Not a picture we can read"


class QueueFull(FacetscopeError):
    """The bounded job queue has no place left."""

    status = 429
    title = "The queue is full"

    def __init__(self, detail: str, *, retry_after_s: int = 30) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class NotReady(FacetscopeError):
    """A model or an index is still being prepared, or failed to load."""

    status = 503
    title = "Not ready yet"


class WeightsMissing(NotReady):
    """Weights are not in the cache and could not be fetched; the sentence names the file and the command."""

    title = "The model's weights are missing"


class Away(FacetscopeError):
    """The database, or where pictures are kept, does not answer for now: nothing is lost, and it is worth another try."""

    status = 503
    title = "Out of reach for a moment"


class DiskFull(FacetscopeError):
    """There is no room left for what was to be kept; nothing of it is."""

    status = 507
    title = "The disk is full"

    def __init__(self) -> None:
        super().__init__(
            "The server's disk is full, so this could not be kept; all else is as it was. Ask whoever runs the server to "
            "make room, then try again."
        )


class CrossSite(FacetscopeError):
    """A state-changing request came from another site."""

    status = 403
    title = "Refused: the request came from another site"


class KeyNeeded(FacetscopeError):
    """Only those who have a key may do this, and none was shown, or one that is not known here."""

    status = 401
    title = "A key is needed"


class NotAllowed(FacetscopeError):
    """The key that was shown is not good for this."""

    status = 403
    title = "This key may not do that"


class TooMany(FacetscopeError):
    """A visitor has done something as often as one may in an hour."""

    status = 429
    title = "That is enough for now"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
