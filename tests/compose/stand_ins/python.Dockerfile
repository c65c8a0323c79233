# Stands in for python:3.12-slim-bookworm: Debian with a Python that was built on this machine.
FROM rolestream-stand-in/debian:bookworm
COPY local/ /usr/local/
RUN ldconfig && python3 -c "import bz2, ctypes, lzma, sqlite3, ssl"
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]
