#!/bin/sh
# Prints the records that stand now, each once, with kcat and jq; no Python.
# usage: kcat_consumer.sh BOOTSTRAP_SERVERS KAFKA_TOPIC
set -eu
kcat -C -q -e -b "$1" -t "$2" -o beginning |
  jq -rs 'group_by(.record_id) | map(max_by(.revision)) | .[]
          | [.op, .subject.name, .category, ([.sentences[].text] | join(" "))] | join(" | ")'
