"""What AnalyticsMiddleware adds to a request: the same view with and without it, in turns, in one run.

    python -m bench.middleware

Prints the time of a request in milliseconds (p50, p99) both ways and what the middleware adds. The limit in the same
run: 1 ms added at p99. Events go through the real group-commit writer into the database that the settings name.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from loopin_backend import embedded, env

REQUESTS = 5000
LIMIT_MS = 1.0
PAUSE_S = 0.002  # between requests, as in a busy site: the writer's thread has its turn too


def measure(handler: Callable[[HttpRequest], object], make_request: Callable[[], HttpRequest]) -> float:
    """Milliseconds of one request."""
    request = make_request()
    started = time.perf_counter()
    handler(request)
    return (time.perf_counter() - started) * 1000


def quantile(values: list[float], q: float) -> float:
    """The q-quantile by rank."""
    return sorted(values)[int(len(values) * q)]


def main() -> None:
    """Measure in turns, so that whatever else the machine does falls on both."""
    env.use_settings()
    embedded.ensure()
    import django

    django.setup()
    from django.test import RequestFactory

    from analytics.ingestion.writer import writer
    from analytics.middleware import AnalyticsMiddleware

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("<p>" + "x" * 5000 + "</p>")

    observed = AnalyticsMiddleware(view)
    factory = RequestFactory(
        headers={"Host": "localhost", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    )

    def request() -> HttpRequest:
        return factory.get("/meetups/7/?utm_source=mail")

    plain: list[float] = []
    with_middleware: list[float] = []
    for _ in range(REQUESTS):
        plain.append(measure(view, request))
        with_middleware.append(measure(observed, request))
        time.sleep(PAUSE_S)
    writer.flush()
    for name, values in (("without", plain), ("with", with_middleware)):
        print(f"{name}: p50 {quantile(values, 0.5):.3f} ms, p99 {quantile(values, 0.99):.3f} ms")
    added = [quantile(with_middleware, q) - quantile(plain, q) for q in (0.5, 0.99)]
    verdict = "within" if added[1] <= LIMIT_MS else "over"
    print(f"added: p50 {added[0]:.3f} ms, p99 {added[1]:.3f} ms; {verdict} the limit of {LIMIT_MS} ms at p99")
    print(f"dropped: {writer.dropped} of {REQUESTS}")


if __name__ == "__main__":
    main()
