"""The toy topology as Faust's guide would write it: agents, tables, at least once, batches. Brokers and prefix from BOTHWAYS_KAFKA_*."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import faust
import msgspec

from engine.runtimes.kafka.settings import kafka_settings_from
from ops.bench.kafka import toy

BATCH_RECORDS = 200
encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode
settings = kafka_settings_from(os.environ)
app = faust.App(
    f"{settings.app}-idiomatic",
    broker=f"kafka://{settings.brokers}",
    store="memory://",
    datadir=Path(tempfile.mkdtemp(prefix="bothways-toy.")),
    topic_allow_declare=False,
    topic_disable_leader=True,
    topic_partitions=toy.PARTITIONS,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=0.1,
    broker_max_poll_records=500,
    stream_recovery_delay=0.0,
    producer_linger=0.0,
    web_enabled=False,
    autodiscover=False,
)
topics = {name: app.topic(settings.topic(name), key_serializer="raw", value_serializer="raw") for name in ("in", "mid", "out")}


def declare(stage: str, source: str, rule: Any) -> None:
    """Declare one stage: its table and its agent."""
    changelog = settings.topic(f"cl.{stage}")
    table = app.Table(
        f"toy-{stage}",
        partitions=toy.PARTITIONS,
        use_partitioner=True,
        key_type=bytes,
        changelog_topic=app.topic(changelog, key_serializer="raw", value_serializer="json", partitions=toy.PARTITIONS, compacting=True),
    )

    async def agent(stream: Any) -> None:
        await app.producer._ensure_producer().partitions_for(changelog)  # noqa: SLF001 - else the first write finds no partitions
        async for batch in stream.take_events(BATCH_RECORDS, within=0.1):
            over: dict[bytes, Any] = {}
            sent = []
            for event in batch:
                state = over[event.key] if event.key in over else table.get(event.key)
                after, outs = rule(state, decode(event.value))
                over[event.key] = after
                sent += [await topics[topic].send(key=key, value=encode(out)) for topic, key, out in outs]
            await asyncio.gather(*sent)
            for key, after in over.items():
                table[key] = after

    app.agent(topics[source], name=f"toy_{stage}")(agent)


for stage_name, (source_name, stage_rule) in toy.STAGES.items():
    declare(stage_name, source_name, stage_rule)

if __name__ == "__main__":
    sys.argv[1:] = ["worker", "-l", "error"]
    app.main()
