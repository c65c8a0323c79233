"""The official openai client, with what is the same in all its requests made once."""

from typing import Any, cast

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream
from openai._models import FinalRequestOptions

from pipeline.models.transport import AiohttpClient, ReadyRequest, ReplyBody

_CHAT = FinalRequestOptions.construct(
    method="post",
    url="/chat/completions",
    # Sent in no header, but without one the SDK draws one for each request.
    idempotency_key="none",
)


class ChatClient(AsyncOpenAI):
    """One endpoint, asked for chat completions with bodies that are JSON already.

    The SDK merges headers and URLs anew for every request, at four times the cost of sending it;
    here only the first is made like that. The others go to its `http_client` as the SDK sends
    those that are never tried again: the retries are the pool's.
    """

    def __init__(self, base_url: str, api_key: str, timeout_s: float, connect_s: float) -> None:
        super().__init__(
            base_url=base_url,
            api_key=api_key,
            timeout=openai.Timeout(timeout_s, connect=connect_s),
            max_retries=0,
            http_client=AiohttpClient(base_url, connect_s),
        )
        self._pattern: httpx2.Request | None = None

    async def ask(self, body: bytes) -> ReplyBody:
        """Send a chat completion request; the reply is still to be read, and to be closed.

        Raises openai.APIError.
        """
        if self._pattern is not None:
            return cast(ReplyBody, (await self._ask_again(self._pattern, body)).stream)
        options = _CHAT.model_copy(update={"content": body})
        response: Any = await self.request(
            httpx2.Response, options, stream=True, stream_cls=AsyncStream[Any]
        )
        return cast(ReplyBody, response.stream)

    async def _ask_again(self, pattern: httpx2.Request, body: bytes) -> httpx2.Response:
        request = ReadyRequest(pattern, body)
        try:
            response = await self._client.send(request, stream=True)
        except httpx2.TimeoutException as error:
            raise openai.APITimeoutError(request=request) from error
        except httpx2.HTTPError as error:
            raise openai.APIConnectionError(request=request) from error
        if response.is_success:
            return response
        await response.aread()
        raise self._make_status_error_from_response(response)

    def _build_request(
        self, options: FinalRequestOptions, *, retries_taken: int = 0
    ) -> httpx2.Request:
        if not isinstance(options.content, bytes):
            return super()._build_request(options, retries_taken=retries_taken)
        if self._pattern is None:
            self._pattern = super()._build_request(options, retries_taken=retries_taken)
        return ReadyRequest(self._pattern, options.content)
