"""Quix Streams sending every message on."""

import sys

from quixstreams import Application

servers, group, source, target = sys.argv[1:5]
app = Application(servers, consumer_group=group, auto_offset_reset="earliest", loglevel="ERROR")
coming = app.dataframe(app.topic(source, value_deserializer="bytes"))
coming.to_topic(app.topic(target, value_serializer="bytes"))

if __name__ == "__main__":
    app.run()
