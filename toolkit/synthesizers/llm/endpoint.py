"""Questions to an OpenAI-compatible endpoint through the ``openai`` client, as many at once as it can bear."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from toolkit.errors import StoppedError, SynthesisError
from toolkit.synthesizers.llm.answers import build_answer_schema
from toolkit.synthesizers.llm.calls import Answer, AnswerStore, Call

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
    temperature: float = 0.7
    max_output_tokens: int = 4096
    concurrency: int = 8
    deadline: float = 300.0
    """Seconds for one answer."""
    max_tokens: int | None = None
    """Tokens in and out together that a run may use; what was answered before costs nothing."""


@dataclass(slots=True)
class Usage:
    """What a run has used."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    """By what went wrong."""

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens_in + self.tokens_out


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
        self.options, self.store, self.usage = options, store, Usage()
        try:
            self._client = openai.AsyncOpenAI(
                base_url=options.base_url, api_key=options.api_key, timeout=options.deadline, max_retries=0
            )
        except openai.OpenAIError as error:
            raise SynthesisError(
                "there is no key for the endpoint", mend="set OPENAI_API_KEY; any word will do for a local server"
            ) from error
        self._room = asyncio.Semaphore(options.concurrency)
        self._reserved = 0
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
        async with self._room:
            reserved = self._reserve(call)
            try:
                answer = await self._send_patiently(call)
            finally:
                self._reserved -= reserved
        self.usage.calls += 1
        self.usage.tokens_in += answer.tokens_in
        self.usage.tokens_out += answer.tokens_out
        self.store.add(call.key, answer)
        return answer

    def _reserve(self, call: Call) -> int:
        """Count what an answer may cost before it is asked for, so that a cap is not overrun by what is under way."""
        cost = sum(len(content) for _, content in call.messages) // 4 + call.max_output_tokens // 4
        limit = self.options.max_tokens
        if limit is not None and self.usage.tokens + self._reserved + cost > limit:
            raise StoppedError(
                f"the budget of {limit:,} tokens is used up ({self.usage.tokens:,} used)",
                mend="run the same command with a larger --max-tokens to go on; no answer is asked for twice",
            )
        self._reserved += cost
        return cost

    async def _send_patiently(self, call: Call) -> Answer:
        openai = self._errors
        wait = FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            with_schema = self._schemas
            try:
                return await self._send(call, with_schema)
            except openai.BadRequestError as error:
                if not with_schema:
                    raise SynthesisError(
                        "the endpoint refuses the question (400)", mend="check the model's name"
                    ) from error
                self._schemas = False  # an older server: the form is asked for in words alone
                continue
            except openai.RateLimitError as error:
                failure, asked = "429", error.response.headers.get("retry-after", "")
            except (openai.APITimeoutError, openai.APIConnectionError) as error:
                failure, asked = type(error).__name__, ""
            except openai.InternalServerError as error:
                failure, asked = str(error.status_code), error.response.headers.get("retry-after", "")
            except openai.APIStatusError as error:
                raise SynthesisError(
                    f"the endpoint answered {error.status_code}", mend="check the address, the key and the model's name"
                ) from error
            except (openai.APIError, ValueError) as error:
                failure, asked = type(error).__name__, ""
            self.usage.retries[failure] += 1
            if attempt < ATTEMPTS:
                await asyncio.sleep(min(float(asked), LONGEST_WAIT) if asked.replace(".", "", 1).isdigit() else wait)
                wait = min(2 * wait, LONGEST_WAIT)
        raise StoppedError(
            f"the endpoint did not answer in {ATTEMPTS} attempts ({failure})",
            mend="run the same command again to go on; no answer is asked for twice",
        )

    async def _send(self, call: Call, with_schema: bool) -> Answer:
        extra: dict[str, Any] = {}
        if with_schema:
            schema = {"name": "dialogue", "strict": True, "schema": build_answer_schema(indexed=call.indexed)}
            extra["response_format"] = {"type": "json_schema", "json_schema": schema}
        messages: Any = [{"role": role, "content": content} for role, content in call.messages]
        done = await self._client.chat.completions.create(
            model=call.model,
            messages=messages,
            temperature=call.temperature,
            max_tokens=call.max_output_tokens,
            seed=(call.seed + call.sample) % 2**31,
            **extra,
        )
        if not done.choices:
            raise ValueError("an answer without choices")
        choice = done.choices[0]
        finish = "refusal" if getattr(choice.message, "refusal", None) else str(choice.finish_reason or "unknown")
        used = done.usage
        return Answer(
            choice.message.content or "",
            finish,
            used.prompt_tokens if used is not None else 0,
            used.completion_tokens if used is not None else 0,
        )
