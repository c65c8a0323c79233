#!/usr/bin/env bash
# Formats the data directory at the first start, then becomes the broker.
# Uses only the two programs of every Kafka distribution, so that the root file system of the
# container can stay read-only. ${NAME} in the properties stands for an environment variable.
set -euo pipefail
properties=/tmp/server.properties
text=$(<"$1")
for name in NODE_ID NODE_NAME HOST_PORT; do
  text=${text//"\${$name}"/${!name-}}
done
printf '%s\n' "$text" > "$properties"
# Users who log in with a password have to be there before the first broker starts.
users=()
if [ -n "${SCRAM_USERS_FILE-}" ]; then
  while read -r user; do users+=(--add-scram "$user"); done < "$SCRAM_USERS_FILE"
fi
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" \
  --config "$properties" ${users[@]+"${users[@]}"}
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
