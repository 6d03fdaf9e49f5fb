"""What the fuzzer can not know by itself: a key or a tag that is sent again and again refuses every request after the
first. Valid requests mostly come without them; those that are meant to be refused stay as they were made."""

import itertools

import schemathesis

numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive or not case.headers:
        return
    number = next(numbers)
    if "Idempotency-Key" in case.headers and number % 8 != 0:
        case.headers["Idempotency-Key"] = f"fuzz-{number}"
    for name in ("If-Match", "If-None-Match"):
        if name in case.headers and number % 8 != 0:
            del case.headers[name]
