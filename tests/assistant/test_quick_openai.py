"""The quicker client beside the library's own: what they send and what comes out of them."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from core.assistant.quick_openai import QuickOpenAI
from tests.support.openai_server import OpenAIServer, Reply

MESSAGES: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Grüezi 🏔️"},
    {"role": "assistant", "content": "Ja?"},
    {"role": "user", "content": [{"type": "text", "text": "And now?"}]},
]
ODD = (
    b'data: {"id": 7, "object": "chat.completion.chunk", "choices": [{"index": "0", "delta": {"content": "odd"}}]}\n\n'
)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def chunks_of(client_class: type[AsyncOpenAI], server: OpenAIServer) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        async with client_class(base_url=server.base_url, api_key="key", max_retries=0) as client:
            stream = await client.chat.completions.create(
                model="gpt-test",
                messages=MESSAGES,
                stream=True,
                stream_options={"include_usage": True},
                max_tokens=9,
                extra_body={"top_k": 3},
            )
            return [chunk.model_dump(warnings=False) async for chunk in stream]

    return asyncio.run(read())


@pytest.mark.parametrize("raw", [(), (ODD,)], ids=["as it should be", "of a sloppy service"])
def test_it_sends_and_gives_what_the_library_does(server: OpenAIServer, raw: tuple[bytes, ...]) -> None:
    reply = Reply(["Hello", " there"], raw=raw, headers={})
    server.replies += [reply, reply]
    usual, quick = chunks_of(AsyncOpenAI, server), chunks_of(QuickOpenAI, server)
    assert quick == usual and len(usual) > 3
    sent = [request.body for request in server.requests]
    assert sent[0] == sent[1] and sent[1]["messages"] == MESSAGES and sent[1]["top_k"] == 3
