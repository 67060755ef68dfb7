"""Who may import whom, as pyproject.toml says it, and that the server never maps libtorch."""

import ast
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import bakeoff_core
import pages
from tests.support.places import ROOT

HEAVY = ("torch", "torchvision", "timm", "fvcore", "accelerate", "sklearn", "openvino")
HEAVY_PACKAGES = ("bakeoff_core.models", "bakeoff_core.profiling.round", "bakeoff_core.profiling.anatomy.trace")
HEAVY_MODULES = {
    *(f"bakeoff_core.datasets.metrics.{name}" for name in ("resampling", "scores")),
    *(f"bakeoff_core.features.{name}" for name in ("classifiers", "extract", "frozen_backbone")),
    *(
        f"bakeoff_core.finetuning.{name}"
        for name in ("export", "linear_probe", "optimization", "run", "setup", "trainer")
    ),
    "bakeoff_core.ranking.scoring",
}
"""With the workers, all that loads torch or scikit-learn; nothing else may."""


def names_in(package) -> list[str]:
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def is_heavy(name: str) -> bool:
    return name in HEAVY_MODULES or name.startswith(HEAVY_PACKAGES) or name.endswith(".worker") and ".jobs." not in name


def test_every_import_is_allowed_by_the_contracts() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_that_the_server_and_the_command_line_import_maps_no_libtorch() -> None:
    theirs = ["streamlit", "plotly.graph_objects", *names_in(pages)]
    ours = [name for name in names_in(bakeoff_core) if not is_heavy(name) and not name.endswith("__main__")]
    code = (
        "import importlib, sys\nfrom pathlib import Path\n"
        f"for name in {[*theirs, *ours]!r}: importlib.import_module(name)\n"
        f"heavy = sorted({set(HEAVY)!r} & set(sys.modules))\n"
        "maps = Path('/proc/self/maps')\n"
        "mapped = maps.exists() and 'libtorch' in maps.read_text()\n"
        "sys.exit(f'loaded: {heavy}, mapped: {mapped}' if heavy or mapped else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(HEAVY_MODULES))
def test_a_module_that_is_said_to_be_heavy_is_there(name: str) -> None:
    assert importlib.util.find_spec(name) is not None


def test_packages_define_nothing_but_modules() -> None:
    for path in [*ROOT.glob("bakeoff_core/**/__init__.py"), *ROOT.glob("pages/**/__init__.py")]:
        statements = [ast.unparse(node) for node in ast.parse(path.read_text(encoding="utf-8")).body[1:]]
        assert all(text.startswith("__version__ = ") for text in statements), path


def test_no_module_and_no_function_is_too_long() -> None:
    for path in [*ROOT.glob("bakeoff_core/**/*.py"), *ROOT.glob("pages/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 350, f"{path.relative_to(ROOT)} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno - node.lineno < 70, f"{path.relative_to(ROOT)}: {node.name}"
