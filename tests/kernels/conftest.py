from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from kernel_cases import CASES, DESCENT_RUN, NEWTON_RUN

from eqcompiler import kernels
from eqcompiler.errors import Source

SOURCE = Source("equations/cases.tex", "the cases")


@pytest.fixture(scope="session")
def kernel_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="session")
def built(kernel_folder: Path) -> ModuleType:
    """One module with every case, compiled where it is called."""
    return kernels.load(kernels.module_text((*CASES, DESCENT_RUN, NEWTON_RUN), SOURCE), "cases", kernel_folder)


@pytest.fixture(scope="session")
def compile_one(kernel_folder: Path) -> Callable[..., ModuleType]:
    def compiled(*requests: object) -> ModuleType:
        return kernels.load(kernels.module_text(requests, SOURCE), "one", kernel_folder)

    return compiled
