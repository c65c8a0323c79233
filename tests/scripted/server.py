"""A real HTTP server with the OpenAI protocol; its models answer rightly, or misbehave on command.

The model's name says what it does: `oracle...` is right, `slow...` is right after `--delay-s`,
`garbage` in prose, `fenced` rightly inside a code fence, `outside` names sentences that are not
there, `mistaken` sorts all into one category, `once-wrong` is mended by the repair exchange,
`down` answers 500, `refuses` 401, `hangs` never. Asked to judge an answer, `judge` is right about
it, `flatterer` calls everything right, `rambling-judge` never comes to a verdict. Run as
`python -m tests.scripted.server --port N`; GET /calls tells how often each model was asked for
which role, GET /journal what each call was about and when.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from typing import Any

from aiohttp import web

from pipeline.prompt_format import TaskPrompt, parse_user
from schemas.ids import stable_id
from tests.scripted.answers import right_answer

ANSWER = "\n<answer>\n"
"""Where the answer begins in what a judge is asked."""


class Script:
    """What the models do, and what they were asked."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self.calls: Counter[str] = Counter()
        self.inputs: Counter[str] = Counter()
        self._journal: list[dict[str, Any]] = []

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        model = body["model"]
        messages = body["messages"]
        asked, _, judged = messages[1]["content"].partition(ANSWER)
        task = parse_user(asked)
        self.calls[f"{model}|{task.role}"] += 1
        self.inputs[f"{model}|{json.dumps(messages, sort_keys=True)}"] += 1
        entry = {
            "came_s": time.time(),
            "replied_s": None,
            "model": model,
            "role": task.role,
            "prompt_version": stable_id("prompt", messages[0]["content"])[:12],
            "second": bool(judged) or len(messages) > 2,
            "first": task.sentences[0][1],
            "last": task.sentences[-1][1],
        }
        self._journal.append(entry)
        if model == "down":
            return web.json_response({"error": {"message": "out of order"}}, status=500)
        if model == "refuses":
            return web.json_response({"error": {"message": "wrong key"}}, status=401)
        if model == "hangs":
            await asyncio.sleep(3600)
        if model.startswith("slow"):
            await asyncio.sleep(self._delay_s)
        text = _verdict(model, task, judged) if judged else _answer(model, task, len(messages) > 2)
        entry["replied_s"] = time.time()
        return web.json_response(_reply(model, text, messages))

    async def journal(self, request: web.Request) -> web.Response:
        return web.json_response(self._journal)

    async def report(self, request: web.Request) -> web.Response:
        twice = sum(count - 1 for count in self.inputs.values())
        return web.json_response({"calls": dict(self.calls), "repeated": twice})


def _answer(model: str, task: TaskPrompt, repairing: bool) -> str:
    right = right_answer(task)
    if model == "garbage" or (model == "once-wrong" and not repairing):
        return "I would be glad to help with that."
    if model == "mistaken":
        return _all_in_one_category(task, right)
    if model == "fenced":
        return f"Here you are:\n```json\n{right}\n```\nAnything else?"
    if model == "outside":
        value = json.loads(right)
        for span in value.get("spans", ()):
            span["last"] = 9999
        for item in value.get("items", ()):
            item["id"] = 9999
        for name in ("subjects", "same"):
            if name in value:
                value[name] = [{"name": 7}, [0, 9999]]
        return json.dumps(value)
    return right


def _verdict(model: str, task: TaskPrompt, judged: str) -> str:
    if model == "rambling-judge":
        return "A judge must weigh many things. On the one hand, it is well written; on the other"
    answer = json.loads(judged.removesuffix("\n</answer>"))
    right = model == "flatterer" or answer == json.loads(right_answer(task))
    faults = [] if right else ["it is not what the sentences say"]
    return json.dumps({"right": right, "quality": 1.0 if right else 0.2, "faults": faults})


def _all_in_one_category(task: TaskPrompt, right: str) -> str:
    value = json.loads(right)
    for item in value.get("items", ()):
        item["categories"] = [task.categories[-1]]
    return json.dumps(value)


def _reply(model: str, text: str, messages: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {
            "prompt_tokens": sum(len(m["content"]) for m in messages) // 4,
            "completion_tokens": len(text) // 4,
            "total_tokens": 0,
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--delay-s", type=float, default=0.2)
    options = parser.parse_args()
    script = Script(options.delay_s)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", script.complete)
    app.router.add_get("/calls", script.report)
    app.router.add_get("/journal", script.journal)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None)


if __name__ == "__main__":
    main()
