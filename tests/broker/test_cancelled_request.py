"""Who is told to stop while the bus answers stops all the same."""

import asyncio
from types import SimpleNamespace

import pytest

from broker.bus_connection import Connection


async def test_a_cancellation_that_meets_the_answer_is_not_lost() -> None:
    """asyncio.wait_for of Python 3.11, in nats-py, swallows it, and stopping a busy world would hang."""
    answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def request(*_: object, **__: object) -> object:
        return await asyncio.wait_for(answer, 5)  # as nats.aio.client.Client.request does

    connection = object.__new__(Connection)
    connection.client = SimpleNamespace(request=request)  # type: ignore[assignment]
    asking = asyncio.create_task(connection.request("a.b", b""))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    answer.set_result(SimpleNamespace(data=b"{}"))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
