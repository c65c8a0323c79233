"""aiokafka with a hand-written pool of tasks that call a model and send the answer on."""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from openai import AsyncOpenAI


async def main() -> None:
    """Run until the process ends."""
    servers, group, source, target, model_url, in_flight = sys.argv[1:7]
    consumer = AIOKafkaConsumer(
        source, bootstrap_servers=servers, group_id=group, auto_offset_reset="earliest"
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    models = AsyncOpenAI(base_url=model_url, api_key="none")
    room = asyncio.Semaphore(int(in_flight))
    tasks: set[asyncio.Task[None]] = set()

    async def call(value: bytes) -> None:
        reply = await models.chat.completions.create(model="bench", messages=json.loads(value))
        await producer.send_and_wait(target, (reply.choices[0].message.content or "").encode())
        room.release()

    await consumer.start()
    await producer.start()
    async for message in consumer:
        await room.acquire()
        task = asyncio.create_task(call(message.value))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    asyncio.run(main())
