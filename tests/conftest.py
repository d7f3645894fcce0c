"""What holds for every test: verdicts are not read from, nor kept in, the cache of the person who runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EQCOMPILER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
