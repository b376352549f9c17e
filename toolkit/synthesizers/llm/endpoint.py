"""Questions to an OpenAI-compatible endpoint through the ``openai`` client, as many at once as it can bear."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.errors import StoppedError, SynthesisError
from toolkit.synthesizers.llm.answers import ANSWER_SCHEMAS
from toolkit.synthesizers.llm.budget import Budget, Limits
from toolkit.synthesizers.llm.calls import Answer, AnswerStore, Call
from toolkit.synthesizers.llm.throttle import Throttle

ATTEMPTS = 6
"""How often a question is sent while the endpoint says "later" or breaks off."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """Where a model is and how it is asked."""

    model: str
    base_url: str | None = None
    """Null takes OPENAI_BASE_URL, else OpenAI itself."""
    api_key: str | None = None
    """Null takes OPENAI_API_KEY. In no output, log or error."""
    concurrency: int = 8
    """Answers at once, at most; fewer when the endpoint says "later" or slows down."""
    deadline: float = 300.0
    """Seconds for one answer; of a stream, for each part of it."""
    stream: bool = False
    """Let answers come in parts: some servers and proxies cut connections that are silent for long."""
    limits: Limits = field(default_factory=Limits)


class MissingAnswerError(SynthesisError):
    """A replay lacks an answer."""


Asker = Callable[[Call], Awaitable[Answer]]


def replay_from(store: AnswerStore, used: set[str] | None = None) -> Asker:
    """Return an asker that only looks up; ``used`` collects the keys that were looked up.

    The asker raises ``MissingAnswerError`` where there is no answer.
    """

    async def ask(call: Call) -> Answer:
        answer = store.find(call.key)
        if answer is None:
            raise MissingAnswerError(
                "an answer is missing",
                where=call.key[:12],
                mend="replay with the same records, model, prompts and options",
            )
        if used is not None:
            used.add(call.key)
        return answer

    return ask


def write_body(call: Call, *, with_schema: bool) -> dict[str, Any]:
    """Return a question as the chat endpoint takes it."""
    body: dict[str, Any] = {
        "model": call.model,
        "messages": [{"role": role, "content": content} for role, content in call.messages],
        "temperature": call.temperature,
        "max_tokens": call.max_output_tokens,
        "seed": (call.seed + call.sample) % 2**31,
    }
    if with_schema:
        schema = {"name": call.form, "strict": True, "schema": ANSWER_SCHEMAS[call.form]}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def is_same_model(asked: str, served: str) -> bool:
    """Tell whether the model that answered is the one that was asked, as servers name it.

    Services answer with the dated name of what was asked for, local servers with a revision, others drop the owner.

    >>> is_same_model("gpt-x", "gpt-x-2026-08-06"), is_same_model("me/tiny", "me/tiny@main"), is_same_model("a", "b")
    (True, True, False)
    """
    served, asked = served.lower(), asked.lower()
    if served in ("", asked) or served.endswith(f"/{asked}") or asked.endswith(f"/{served}"):
        return True
    return served.startswith(asked) and served[len(asked)] in "-@:"


def read_completion(call: Call, done: Mapping[str, Any]) -> Answer:
    """Read a completion as the endpoint gives it.

    Raises:
        SynthesisError: another model answered.
        ValueError: it holds no answer.
    """
    served = str(done.get("model") or "")
    if not is_same_model(call.model, served):
        raise SynthesisError(
            f"the endpoint answers as another model ({served[:80]})", mend="name the model that it serves"
        )
    choice: Mapping[str, Any] = next(iter(done.get("choices") or ()), {})
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise ValueError("an answer without choices")
    finish = "refusal" if message.get("refusal") else str(choice.get("finish_reason") or "unknown")
    usage = done.get("usage") or {}
    tokens = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
    return Answer(message.get("content") or "", finish, *tokens)


class Endpoint:
    """Asks, within a budget; what was answered before is never asked again."""

    def __init__(self, options: EndpointOptions, store: AnswerStore) -> None:
        """Make the client; nothing is sent yet.

        Raises:
            SynthesisError: the client is not installed, or there is no key.
        """
        try:
            import openai
        except ImportError as error:
            raise SynthesisError(
                "the openai client is not installed", mend="install it with `pip install 'reviewdial[llm]'`"
            ) from error
        self._errors = openai
        self.options, self.store = options, store
        self.budget, self.throttle = Budget(options.limits), Throttle(options.concurrency)
        try:
            self._client = openai.AsyncOpenAI(
                base_url=options.base_url, api_key=options.api_key, timeout=options.deadline, max_retries=0
            )
        except openai.OpenAIError as error:
            raise SynthesisError(
                "there is no key for the endpoint", mend="set OPENAI_API_KEY; any word will do for a local server"
            ) from error
        self._schemas = True
        """Whether the endpoint takes a JSON schema; it is asked once."""

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def ask(self, call: Call) -> Answer:
        """Return the answer to a call, from the record or from the endpoint, which is then recorded.

        Raises:
            SynthesisError: the endpoint refuses the question.
            StoppedError: it does not answer, or the budget is used up; what was answered is kept.
        """
        if (known := self.store.find(call.key)) is not None:
            return known
        reserved, answer = await self.budget.reserve(call), None
        try:
            answer = await self._send_patiently(call)
            self.store.add(call.key, answer)
        finally:
            await self.budget.settle(call, reserved, answer)
        return answer

    async def _send_patiently(self, call: Call) -> Answer:
        openai = self._errors
        wait = FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            with_schema = self._schemas
            pause = 0.0
            async with self.throttle.enter() as began:
                try:
                    answer = read_completion(call, await self._send(write_body(call, with_schema=with_schema)))
                    self.throttle.report_answer(began, answer.tokens_out)
                    return answer
                except openai.BadRequestError as error:
                    if not with_schema:
                        raise SynthesisError(
                            "the endpoint refuses the question (400)", mend="check the model's name"
                        ) from error
                    self._schemas = False  # an older server: the form is asked for in words alone
                    continue
                except openai.RateLimitError as error:
                    failure, pause = "rate limits", _read_pause(error.response.headers) or wait
                    self.throttle.report_refusal(began, pause)
                except openai.APITimeoutError:
                    failure, pause = "timeouts", wait
                except openai.APIConnectionError:
                    failure, pause = "broken connections", wait
                except openai.InternalServerError as error:
                    failure, pause = "server errors", _read_pause(error.response.headers) or wait
                except openai.APIStatusError as error:
                    raise SynthesisError(
                        f"the endpoint answered {error.status_code}",
                        mend="check the address, the key and the model's name",
                    ) from error
                except (openai.APIError, ValueError):
                    failure, pause = "broken answers", wait
            self.budget.usage.failures[failure] += 1
            if attempt < ATTEMPTS:
                await asyncio.sleep(pause)
                wait = min(2 * wait, LONGEST_WAIT)
        raise StoppedError(
            f"the endpoint did not answer in {ATTEMPTS} attempts ({failure})",
            mend="run the same command again to go on; no answer is asked for twice",
        )

    async def _send(self, body: dict[str, Any]) -> Mapping[str, Any]:
        if not self.options.stream:
            done = await self._client.chat.completions.create(**body)
            return dict(done.model_dump())
        parts = await self._client.chat.completions.create(**body, stream=True, stream_options={"include_usage": True})
        return await _join_stream(parts)


async def _join_stream(parts: AsyncIterator[Any]) -> dict[str, Any]:
    """Put the parts of a stream together; one that ends before it says why has been cut.

    Raises:
        ValueError: it was cut.
    """
    joined: dict[str, Any] = {"model": "", "usage": {}}
    words: dict[str, str] = {"content": "", "refusal": ""}
    finish = None
    async for part in parts:
        joined["model"] = part.model or joined["model"]
        if part.usage is not None:
            joined["usage"] = part.usage.model_dump()
        for choice in part.choices:
            finish = choice.finish_reason or finish
            for name in words:
                words[name] += getattr(choice.delta, name, None) or ""
    if finish is None:
        raise ValueError("the stream was cut")
    return {**joined, "choices": [{"message": words, "finish_reason": finish}]}


def _read_pause(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks for; null where it asks for none, or says it in another way."""
    asked = headers.get("retry-after", "")
    return min(float(asked), LONGEST_WAIT) if asked.replace(".", "", 1).isdigit() else None
