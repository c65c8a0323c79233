# Stands in for apache/kafka: the published jars on Debian's Java, with the two programs, the user,
# the folders and the environment variables of that image that the compose files and tests use.
FROM rolestream-stand-in/debian:bookworm
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 --create-home --shell /bin/bash appuser \
 && mkdir -p /opt/kafka/bin /opt/kafka/config /opt/kafka/libs /var/lib/kafka/data \
      /etc/kafka/docker /etc/kafka/secrets /mnt/shared/config \
 && chown -R appuser:appuser /opt/kafka /var/lib/kafka /etc/kafka /mnt/shared/config
COPY jars/ /opt/kafka/libs/
COPY kafka-run-class.sh kafka-storage.sh kafka-server-start.sh /opt/kafka/bin/
COPY run /etc/kafka/docker/run
USER appuser
EXPOSE 9092
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["/etc/kafka/docker/run"]
