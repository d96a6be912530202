"""Each operation as a Django REST view; the act, its shapes and its permission come from `OPERATIONS`."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from json import JSONDecodeError
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import URLPattern, path
from pydantic import BaseModel, ValidationError
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics import conf
from analytics.api import cors
from analytics.api.auth import Caller, Permission, check, identify
from analytics.api.errors import INTERNAL, body_of, body_of_validation, headers_of
from analytics.api.limits import Allowance, take
from analytics.api.operation import Download
from analytics.api.operations import OPERATIONS, Operation
from analytics.api.performing import Reply, perform
from analytics.api.uploads import read_posted
from analytics.errors import AnalyticsError, BodyTooLarge, Unavailable
from analytics.ingestion.visitor import client_ip

logger = logging.getLogger("analytics.api")


class TokenOrKey(BaseAuthentication):
    """JWT of a person or an ingest key; what does not hold is an error, not an anonymous caller."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The user and the key's label."""
        user, label = identify(request.META.get("HTTP_AUTHORIZATION", ""))
        return (user, label) if user is not None or label else None


class Json(JSONParser):
    """Bodies as Python and FastAPI read them: NaN and Infinity are numbers, which the shapes then refuse."""

    strict = False


class AlwaysJson(DefaultContentNegotiation):
    """JSON whatever a client says it accepts: `format` is a parameter of operations, and files are no renderer's."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """The one that there is."""
        return renderers[0], renderers[0].media_type


class OperationView(APIView):
    """All operations of one path. Its permission check is the operation's own, in `_answer`."""

    authentication_classes = (TokenOrKey,)
    parser_classes = (Json,)
    content_negotiation_class = AlwaysJson
    permission_classes = ()
    operations: dict[str, Operation] = {}
    allowance: Allowance | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer by the operation of the method; 405 where there is none."""
        self.http_method_names = [*(name.lower() for name in self.operations), "options"]
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: Request, **parameters: Any) -> HttpResponseBase:
        """GET."""
        return self._answer(request, parameters)

    def post(self, request: Request, **parameters: Any) -> HttpResponseBase:
        """POST."""
        return self._answer(request, parameters)

    def patch(self, request: Request, **parameters: Any) -> HttpResponseBase:
        """PATCH."""
        return self._answer(request, parameters)

    def delete(self, request: Request, **parameters: Any) -> HttpResponseBase:
        """DELETE."""
        return self._answer(request, parameters)

    def perform_authentication(self, request: Request) -> None:
        """Not before the operation is known: one for anybody looks at no credential, not even at a stale one."""

    def _answer(self, request: Request, parameters: dict[str, Any]) -> HttpResponseBase:
        operation = self.operations[request.method or ""]
        caller = _caller(request, is_public=operation.permission is Permission.PUBLIC)
        check(operation.permission, caller)
        self.allowance = take(operation.limit, caller)
        if self.allowance is not None:
            self.allowance.check()
        query = _shape(operation.query, {**request.query_params.dict(), **parameters})
        reply = perform(
            operation, caller, query, _body(operation, request), request.META.get("HTTP_IF_NONE_MATCH", "")
        )
        return _send(reply)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Every answer tells what is left of the minute, and which pages may read it."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        told = self.allowance.headers if self.allowance is not None else {}
        for name, value in {**told, **cors.headers(request.META.get("HTTP_ORIGIN", ""))}.items():
            finished.headers[name] = value
        return finished

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """What a page elsewhere may send here; nobody has to be known for that."""
        allowed = cors.preflight(request.META.get("HTTP_ORIGIN", ""), list(self.operations))
        return Response(status=204, headers=allowed)

    def handle_exception(self, exc: Exception) -> Response:
        """Every error in the API's one shape."""
        if isinstance(exc, AnalyticsError):
            return Response(body_of(exc), exc.status, headers=headers_of(exc))
        if isinstance(exc, ValidationError):
            return Response(body_of_validation(exc.errors()), 422)
        if isinstance(exc, ParseError | RecursionError):  # what FastAPI says of a body that is no JSON
            if isinstance(exc.__context__, JSONDecodeError):
                return Response({"detail": "the body is no JSON", "code": "invalid_input"}, 422)
            return Response({"detail": "the body cannot be parsed", "code": "bad_input"}, 400)
        if isinstance(exc, RequestDataTooBig):
            too_large = BodyTooLarge("the body is too large; send less at once")
            return Response(body_of(too_large), too_large.status)
        if isinstance(exc, OperationalError | InterfaceError):
            logger.error("the database cannot be reached: %s", type(exc).__name__)
            return self.handle_exception(Unavailable("the database is away; try again"))
        if isinstance(exc, APIException):
            codes = exc.get_codes()
            code = codes if isinstance(codes, str) else "invalid_input"
            return Response({"detail": str(exc.detail), "code": code}, exc.status_code)
        logger.exception("an API call failed")
        return Response(INTERNAL, 500)


def _send(reply: Reply) -> HttpResponseBase:
    if reply.answer is None:
        return HttpResponse(status=reply.status, headers=reply.headers)
    if isinstance(reply.answer, Download):
        return StreamingHttpResponse(
            reply.answer.chunks, content_type=reply.answer.media_type, headers=reply.headers
        )
    return Response(reply.answer.model_dump(mode="json"), reply.status, headers=reply.headers)


def _body(operation: Operation, request: Request) -> Any:
    if operation.body is None or not operation.takes_file:
        return _shape(operation.body, request.data) if operation.body is not None else None
    given = request.META.get("CONTENT_TYPE", ""), request.META.get("CONTENT_LENGTH", "")
    return read_posted(operation.body, *given, request._request)


def _caller(request: Request, *, is_public: bool) -> Caller:
    user, key = None, ""
    if not is_public:
        user = request.user if request.user is not None and request.user.is_authenticated else None
        key = request.auth if user is None and isinstance(request.auth, str) else ""
    return Caller(
        user=user,
        ingest_key=key,
        ip=client_ip(
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            request.META.get("REMOTE_ADDR", ""),
            conf.get().trusted_proxies,
        ),
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
    )


def _shape(shape: type[BaseModel] | None, given: Any) -> BaseModel | None:
    if shape is None:
        return None
    if hasattr(given, "dict"):  # a form-encoded body arrives as a QueryDict
        given = given.dict()
    if "extra" in shape.model_config and shape.__name__.endswith("Query"):
        given = {name: value for name, value in given.items() if name in shape.model_fields}
    return shape.model_validate(given)


def urlpatterns(operations: Iterable[Operation] = OPERATIONS) -> list[URLPattern]:
    """One route a path, with all its methods."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    return [
        path(
            route.lstrip("/").replace("{", "<").replace("}", ">"),
            OperationView.as_view(operations=methods),
            name=next(iter(methods.values())).name,
        )
        for route, methods in by_path.items()
    ]
