"""Where a key goes that no stream decides, the same in every process."""

from zlib import crc32


def partition_of(key: str, partitions: int) -> int:
    """The partition number of `key` among `partitions`."""
    return crc32(key.encode("utf-8")) % partitions


def policy_partition(domain: str, partitions: int) -> int:
    """Where a domain's reward events go: one policy learns all of its roles, as they serve the

    same windows.
    """
    return partition_of(domain, partitions)
