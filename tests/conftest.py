"""What every test shares: closed sockets, and the rule for tests that need the big corpora."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests marked `corpora`, saying so, when CORPORA_DIR is unset."""
    if os.environ.get("CORPORA_DIR"):
        return
    skip = pytest.mark.skip(reason="needs the big corpora: set CORPORA_DIR to their folder")
    for item in items:
        if item.get_closest_marker("corpora"):
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse every connection that leaves this machine: a test that reaches out is wrong."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or (isinstance(address, tuple) and address[0] in ("127.0.0.1", "localhost", "::1")):
            return connect(self, address)
        raise AssertionError(f"a test tried to connect to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield
