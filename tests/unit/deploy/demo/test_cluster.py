"""What the demonstration reads from its worker."""

from deploy.demo.cluster import page_address


def test_the_page_is_found_among_other_lines() -> None:
    log = "WARNING something\nweb: http://127.0.0.1:8013/ (metrics, healthz, readyz, live page)\n"
    assert page_address(log + "ready: policy\n") == "http://127.0.0.1:8013/"


def test_a_worker_without_a_page_has_none() -> None:
    assert (
        page_address("web: http://127.0.0.1:8013/ (metrics, healthz, readyz)\nready: x\n") is None
    )
