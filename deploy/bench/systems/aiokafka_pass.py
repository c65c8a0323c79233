"""The bare loop of aiokafka: fetch a batch, send it, wait for the broker, commit."""

import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def main() -> None:
    """Run until the process ends."""
    servers, group, source, target = sys.argv[1:5]
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=servers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", linger_ms=5)
    await consumer.start()
    await producer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=100, max_records=1000)
        sent = [
            await producer.send(target, message.value, message.key)
            for messages in batches.values()
            for message in messages
        ]
        if sent:
            await asyncio.gather(*sent)
            await consumer.commit()


if __name__ == "__main__":
    asyncio.run(main())
