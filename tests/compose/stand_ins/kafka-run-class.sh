#!/usr/bin/env bash
# Starts a class of Kafka with the variables that Kafka's own script of this name reads.
mkdir -p "${LOG_DIR:=/opt/kafka/logs}"
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC} \
  "-Dkafka.logs.dir=$LOG_DIR" ${KAFKA_LOG4J_OPTS:--Dlog4j2.level=INFO} ${KAFKA_OPTS:-} \
  -cp "/opt/kafka/libs/*" "$@"
