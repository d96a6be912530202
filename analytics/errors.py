"""Every error that `analytics` raises on purpose, as one tree.

    AnalyticsError
    ├── BadInput 400                what the caller sent cannot be used
    │   ├── MalformedBody 400       the bytes are not the body that they claim to be
    │   ├── BodyTooLarge 413        more bytes, or more events, than one request may carry
    │   └── UnsupportedMedia 415    an encoding or a content type that is not read here
    ├── NotAuthenticated 401        no credential, or one that does not hold
    ├── NotAllowed 403              the credential holds but does not reach this far
    ├── NotFound 404
    ├── Conflict 409                the state of things forbids it (an undone merge, a running import)
    ├── TooMany 429                 too many requests or failed logins; never said on a path that takes events
    └── Unavailable 503             try again later: overload, or the database is away

Each carries the HTTP status and the machine-readable `code` of its answer; both API surfaces turn
it into `{"detail", "code"}`. An event that is refused is no error of the request: see
`analytics.ingestion.event.Rejection`.
"""

from __future__ import annotations


class AnalyticsError(Exception):
    """Base of all; `detail` is shown to the caller and names the fix."""

    status = 500
    code = "internal_error"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code


class BadInput(AnalyticsError):
    """The request cannot be understood or breaks a stated rule."""

    status = 400
    code = "bad_input"


class MalformedBody(BadInput):
    """The body cannot be decompressed or parsed."""

    code = "malformed_body"


class BodyTooLarge(BadInput):
    """The body, compressed or not, is over the cap of its route."""

    status = 413
    code = "body_too_large"


class UnsupportedMedia(BadInput):
    """The body comes in an encoding or content type that is not read; the detail names those that are."""

    status = 415
    code = "unsupported_media"


class NotAuthenticated(AnalyticsError):
    """No usable credential was sent."""

    status = 401
    code = "not_authenticated"


class NotAllowed(AnalyticsError):
    """The credential is good but may not do this."""

    status = 403
    code = "not_allowed"


class NotFound(AnalyticsError):
    """There is no such thing, or it is not the caller's to see."""

    status = 404
    code = "not_found"


class Conflict(AnalyticsError):
    """The thing exists but its state forbids the act."""

    status = 409
    code = "conflict"


class TooMany(AnalyticsError):
    """The caller asks too often; `retry_after_s` goes out as the `Retry-After` header."""

    status = 429
    code = "too_many_requests"

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int = 60) -> None:
        super().__init__(detail, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(AnalyticsError):
    """Temporary: nothing was stored and the caller should send again.

    `retry_after_s` goes out as the `Retry-After` header.
    """

    status = 503
    code = "unavailable"

    def __init__(self, detail: str, *, code: str | None = None, retry_after_s: int = 2) -> None:
        super().__init__(detail, code=code)
        self.retry_after_s = retry_after_s
