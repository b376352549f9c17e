"""A stand-in for an OpenAI-compatible chat endpoint on 127.0.0.1, with a scripted model that reads the prompt.

The model takes the numbered passages and the agenda from the prompt and writes a dialogue that holds, or one with
faults that a test asks for. A ``Fault`` goes wrong in one answer of the endpoint. Every request is written down without
its key.
"""

import hashlib
import html
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

KEY = "sk-" + "k" * 30
"""An invented key."""
_PASSAGE = re.compile(r"^\[(?P<id>\w+)\] (?P<label>[^:\n]+): (?P<words>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """What goes wrong in one answer."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """This instead of what the model would say."""
    finish: str = "stop"
    refusal: bool = False
    drop: bool = False
    """Close the connection without an answer; of a stream, in the middle of it."""
    model: str = "scripted"
    """Answer under this name."""
    wait: float = 0.0
    """Seconds before the first byte."""


class Endpoint:
    """The state of the stand-in."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.requests: list[dict[str, Any]] = []
        self.answered: list[str] = []
        """A hash of each question that was answered well."""
        self.spoil: Callable[[list[dict[str, Any]], int], None] | None = None
        """Changes the turns of a whole dialogue before they are sent; the number says which dialogue it is."""
        self.model: Callable[[list[dict[str, str]]], dict[str, Any]] | None = None
        """Answers in place of the scripted model."""
        self.mend = True
        """Whether refined turns hold."""
        self.takes_schemas = True
        self.latency = 0.0
        self.bears: int | None = None
        """How many it takes at once; to more it says "later"."""
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.at_once = 0
        self.base_url = ""


def read_passages(prompt: str) -> list[dict[str, str]]:
    """The passages of a prompt, with their words as they stand in the record."""
    return [
        {"id": found["id"], "label": found["label"], "words": html.unescape(found["words"])}
        for found in _PASSAGE.finditer(prompt)
    ]


def say(text: str, *evidence: str) -> dict[str, Any]:
    return {"text": text, "evidence": list(evidence)}


def answer_about(passages: list[dict[str, str]], number: int) -> dict[str, Any]:
    """A sentence that quotes one point and names whose it is."""
    points = [passage for passage in passages if passage["id"].startswith("P")]
    point = points[number % len(points)]
    reviewer = point["label"].split(",")[0]
    words = re.split(r'["“”\[]', point["words"])[0].split()[:9]
    return say(f'{reviewer} writes: "{" ".join(words)}".', point["id"])


def write_dialogue(messages: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Turns that hold: questions, quotations, and the decision that the rules name."""
    rules, prompt = messages[0]["content"], messages[1]["content"]
    passages = read_passages(prompt)
    decision = re.search(r"decides in the last turn: (\w+)", rules)
    turns: list[dict[str, Any]] = []

    def add(speaker: str, act: str, *sentences: dict[str, Any]) -> None:
        turns.append({"speaker": speaker, "act": act, "answerable": True, "sentences": list(sentences)})

    for number in range(3):
        add(
            "meta_reviewer", "ask", say(f"I have not opened the reviews yet; what should I know first, point {number}?")
        )
        add("dialogue_agent", "inform", answer_about(passages, number))
    words = {"accept": "I am accepting it.", "reject": "I am rejecting it."}
    closing = words.get(decision[1] if decision else "", "The decision is still open.")
    add("meta_reviewer", "decide", say(closing))
    return turns


def refine(messages: list[dict[str, str]], mend: bool) -> list[dict[str, Any]]:
    """The turns that are asked for, anew: holding ones, or the same fault again."""
    passages = read_passages(messages[1]["content"])
    turns = []
    for index in map(int, re.findall(r"^turn (\d+):", messages[-1]["content"], re.MULTILINE)):
        speaker = "dialogue_agent" if index % 2 else "meta_reviewer"
        said = answer_about(passages, index) if index % 2 else say("And what did they miss most?")
        if not mend:
            said = say("I would recommend accepting the paper.")
        turns.append({"index": index, "speaker": speaker, "act": "inform", "answerable": True, "sentences": [said]})
    return turns


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    endpoint: ClassVar[Endpoint]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        state = self.endpoint
        with state.lock:
            state.requests.append(body)
            fault = state.faults.popleft() if state.faults else Fault()
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
            if state.bears is not None and state.at_once > state.bears:
                fault = Fault(status=429, headers={"Retry-After": "0.1"})
        try:
            time.sleep(0 if fault.status else state.latency + fault.wait)
            self.answer(body, fault)
        finally:
            with state.lock:
                state.at_once -= 1

    def answer(self, body: Mapping[str, Any], fault: Fault) -> None:
        state = self.endpoint
        if fault.drop and not body.get("stream"):
            self.close_connection = True
            self.connection.close()
            return
        if fault.status is not None:
            self.send(fault.status, {"error": {"message": "made to fail"}}, fault.headers)
            return
        if body["model"] != "scripted":
            self.send(404, {"error": {"message": "no such model"}}, {})
            return
        if "response_format" in body and not state.takes_schemas:
            self.send(400, {"error": {"message": "response_format is not supported"}}, {})
            return
        text = fault.text if fault.text is not None else json.dumps(self.write(body), ensure_ascii=False)
        message = {"role": "assistant", "content": None if fault.refusal else text}
        if fault.refusal:
            message["refusal"] = "I cannot help with that."
        if fault == Fault():
            with state.lock:
                state.answered.append(hashlib.sha256(json.dumps([body["messages"], body["seed"]]).encode()).hexdigest())
        usage = count_usage(body["messages"], text)
        head = {"id": "c", "created": 0, "model": fault.model}
        if body.get("stream"):
            self.stream(head, message, fault, usage if body.get("stream_options") else None)
            return
        choice = {"index": 0, "message": message, "finish_reason": fault.finish}
        self.send(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage}, {})

    def stream(
        self, head: Mapping[str, Any], message: Mapping[str, Any], fault: Fault, usage: Mapping[str, int] | None
    ) -> None:
        """Send an answer in parts, as server-sent events."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def put(choices: list[dict[str, Any]], usage: Mapping[str, int] | None = None) -> None:
            part = {**head, "object": "chat.completion.chunk", "choices": choices, "usage": usage}
            self.wfile.write(b"data: " + json.dumps(part).encode() + b"\n\n")
            self.wfile.flush()

        name = "refusal" if message.get("refusal") else "content"
        words = message[name] or ""
        for start in range(0, len(words), 200):
            put([{"index": 0, "delta": {name: words[start : start + 200]}, "finish_reason": None}])
            if fault.drop:
                return
        put([{"index": 0, "delta": {}, "finish_reason": fault.finish}])
        if usage is not None:
            put([], usage)
        self.wfile.write(b"data: [DONE]\n\n")

    def write(self, body: Mapping[str, Any]) -> dict[str, Any]:
        messages = body["messages"]
        request = messages[-1]["content"]
        if self.endpoint.model is not None:
            return self.endpoint.model(messages)
        if "Write only these turns anew" in request:
            return {"turns": refine(messages, self.endpoint.mend)}
        turns = write_dialogue(messages)
        if self.endpoint.spoil is not None:
            self.endpoint.spoil(turns, int(hashlib.sha256(messages[1]["content"].encode()).hexdigest(), 16))
        if (asked := re.search(r"^Turn (\d+), (\w+): ", request, re.MULTILINE)) is not None:
            last = "the last word" in request
            turn = turns[-1] if last else turns[int(asked[1]) % (len(turns) - 1)]
            if not last and asked[2] == "dialogue_agent":
                turn["sentences"] = [answer_about(read_passages(messages[1]["content"]), int(asked[1]))]
            elif not last:
                turn["sentences"] = [say(f"What comes next, then, as point {asked[1]}?")]
            return {"answerable": turn["answerable"], "sentences": turn["sentences"]}
        return {"turns": turns}

    def send(self, status: int, value: Any, headers: Mapping[str, str]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, content in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def count_usage(messages: list[dict[str, str]], text: str) -> dict[str, int]:
    asked = sum(len(item["content"]) for item in messages)
    return {
        "prompt_tokens": asked // 4,
        "completion_tokens": len(text) // 4,
        "total_tokens": (asked + len(text)) // 4,
    }


def answer_batch(lines: bytes) -> list[dict[str, Any]]:
    """The results of a batch as a service gives them, in the order of the requests."""
    endpoint = Endpoint()
    results = []
    for line in lines.splitlines():
        row = json.loads(line)
        assert (row["method"], row["url"]) == ("POST", "/v1/chat/completions")
        handler = object.__new__(type("BoundHandler", (Handler,), {"endpoint": endpoint}))
        text = json.dumps(handler.write(row["body"]), ensure_ascii=False)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = count_usage(row["body"]["messages"], text)
        body = {"id": "c", "object": "chat.completion", "created": 0, "model": "scripted", "choices": [choice]}
        response = {"status_code": 200, "request_id": "r", "body": {**body, "usage": usage}}
        results.append({"id": "b", "custom_id": row["custom_id"], "response": response, "error": None})
    return results


@contextmanager
def serve_llm() -> Iterator[Endpoint]:
    """Run a stand-in on a free port of 127.0.0.1; ``base_url`` is its address."""
    endpoint = Endpoint()
    handler = type("BoundHandler", (Handler,), {"endpoint": endpoint})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    endpoint.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
