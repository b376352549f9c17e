"""Questions and answers as files, for services that answer many questions within a day at a lower price.

The format is that of the OpenAI Batch API, which vLLM and others read too: one request a line with an id of its own,
and results in any order, each with the id of its request. The id is the key under which the answer is recorded.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from toolkit.errors import StoreError
from toolkit.synthesizers.llm.calls import Answer, AnswerStore, Call
from toolkit.synthesizers.llm.endpoint import read_completion, write_body

MOST_REQUESTS = 50_000
MOST_BYTES = 190_000_000
"""Of one file: https://platform.openai.com/docs/guides/batch allows 50,000 requests and 200 MB."""


class BatchReport(NamedTuple):
    """What came back."""

    taken: int
    passed_over: Mapping[str, int]
    """Lines that gave no answer, by why: their questions are asked again."""


def write_requests(calls: Iterable[Call]) -> Iterator[bytes]:
    """Yield files of requests, each within what one batch may hold."""
    lines: list[bytes] = []
    size = 0
    for call in calls:
        body = write_body(call, with_schema=True)
        row = {"custom_id": call.key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        if len(lines) == MOST_REQUESTS or size + len(line) > MOST_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines)


def read_results(path: Path, waiting: Mapping[str, Call], store: AnswerStore) -> BatchReport:
    """Take the results of a batch into the record; what is there already stays.

    Order does not matter, a line that stands twice counts once, and what is missing is simply still to be asked.
    ``waiting`` are the calls that have no answer yet, by key.

    Raises:
        StoreError: the file cannot be read, or holds something else.
        SynthesisError: another model answered.
    """
    passed_over: Counter[str] = Counter()
    found: dict[str, Answer] = {}
    count = 0
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                count += 1
                row = json.loads(line)
                key = row["custom_id"]
                call = waiting.get(key)
                if key in found:
                    passed_over["twice"] += 1
                elif call is None:
                    passed_over["not asked for"] += 1
                elif (completion := _find_completion(row)) is None:
                    passed_over["failed"] += 1
                else:
                    try:
                        found[key] = read_completion(call, completion)
                    except ValueError:
                        passed_over["without an answer"] += 1
    except OSError as error:
        what = f"cannot be read: {(error.strerror or 'unknown error').lower()}"
        raise StoreError(what, where=str(path), mend="name a file of batch results") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"line {count} is no batch result"
        raise StoreError(what, where=str(path), mend="name the output file of a batch") from error
    store.add_all(found)
    return BatchReport(len(found), dict(sorted(passed_over.items())))


def _find_completion(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    response = row.get("response")
    if row.get("error") or not isinstance(response, dict) or response.get("status_code") != 200:
        return None
    body = response.get("body")
    return body if isinstance(body, dict) else None
