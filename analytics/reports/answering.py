"""What the lake can say instead of an answer, in the words of `analytics.errors`.

Every report that asks the lake does so inside `answering()`, so that no surface has to know the lake's errors and
no path of a file reaches a reader.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from analytics.errors import BadInput, Unavailable
from eventlake.errors import LakeError, QueryCancelledError, QueryTimeoutError, QuestionError

logger = logging.getLogger("analytics.reports")


@contextmanager
def answering() -> Iterator[None]:
    """Turn the lake's errors into ours.

    **Errors**: `BadInput` for a question that cannot be asked, `Unavailable` for one without an answer now.
    """
    try:
        yield
    except QuestionError as error:
        raise BadInput(str(error), code="bad_question") from error
    except (QueryTimeoutError, QueryCancelledError) as error:
        raise Unavailable(f"{error}; ask for a shorter range", code="too_slow") from error
    except LakeError as error:
        logger.exception("the lake could not answer")
        raise Unavailable("the figures cannot be read now; try again", code="lake_unavailable") from error
