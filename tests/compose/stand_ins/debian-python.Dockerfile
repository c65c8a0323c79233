# Stands in for python:3.12-slim-bookworm with Debian's own Python 3.11.
FROM rolestream-stand-in/debian:bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/*
CMD ["python3"]
