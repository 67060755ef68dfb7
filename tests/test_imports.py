"""The import rules of the house: who may import whom, and that the server never loads torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.places import ROOT

CORE = ROOT / "bakeoff_core"

ORDER = (
    "errors",
    "records",
    "formatting",
    "gaps",
    "correlation",
    "wording",
    "recipe_classes",
    "recipes",
    "comparison",
    "verdict",
    "comparison_words",
    "logme",
    "ranking",
    "rank_words",
    "rank_pace",
    "home",
    "job_files",
    "feature_files",
    "machine",
    "timm_names",
    "timm_tables",
    "published",
    "published_counts",
    "anatomy",
    "stages",
    "speeds",
    "anatomy_words",
    "shortlists",
    "catalogue",
    "robust_sets",
    "siblings",
    "weights",
    "image_files",
    "dataset_index",
    "splitting",
    "mat_files",
    "flowers102",
    "elpv",
    "folders",
    "datasets",
    "dataset_summary",
    "spread",
    "timing",
    "pareto",
    "decision",
    "checklist_rules",
    "evidence",
    "checklist",
    "starting",
    "parquet_files",
    "store",
    "published_store",
    "locks",
    "jobs",
    "reporter",
    "fetching",
    "download",
    "isolation",
    "torchvision_ops",
    "backbones",
    "dissection",
    "profiling",
    "measuring",
    "anatomies",
    "dissecting",
    "runs",
    "rankings",
    "neighbours",
    "looks",
    "rank_cost",
    "finished_runs",
    "ranked_models",
    "run_accuracy",
    "printing",
    "rank_command",
    "run_commands",
    "anatomy_commands",
    "published_commands",
    "heap",
    "memory",
    "evaluation",
    "batches",
    "transfer",
    "frozen",
    "features",
    "probe",
    "scores",
    "training",
    "preparing",
    "outcome",
    "run_process",
    "finetune",
    "trial",
    "comparing",
    "judging",
    "rank_worker",
    "look_worker",
    "explore",
    "proxies",
    "caveats",
    "chart",
    "explain",
    "standings",
    "details",
    "facts",
    "figures",
    "checklist_words",
    "checklist_output",
    "checklist_figure",
    "run_figures",
    "anatomy_figures",
    "speed_figures",
    "explore_figures",
    "rank_figures",
    "svg",
    "report",
    "run_report",
    "recipe_report",
    "candidates",
    "output",
    "catalogue_commands",
    "advise_command",
    "__main__",
)
"""Each module may import the ones above it. A new responsibility gets a row here."""

HEAVY = {"torch", "torchvision", "timm", "fvcore", "accelerate", "sklearn", "openvino"}
WORKERS = {
    "torchvision_ops",
    "backbones",
    "dissection",
    "batches",
    "transfer",
    "frozen",
    "features",
    "probe",
    "training",
    "memory",
    "preparing",
    "outcome",
    "run_process",
    "finetune",
    "trial",
    "comparing",
    "scores",
    "judging",
    "rank_worker",
    "look_worker",
}
"""The only modules that load torch; nothing else imports them, at the top or inside a function."""

NO_FILES = (
    *("pareto", "decision", "figures", "report", "run_report", "run_accuracy"),
    *("gaps", "comparison", "verdict", "comparison_words", "published", "explore", "proxies", "explore_figures"),
    *("correlation", "logme", "ranking", "rank_words", "rank_pace", "rank_figures"),
    *("anatomy", "stages", "speeds", "anatomy_words", "anatomy_figures", "speed_figures"),
    *("evidence", "checklist", "checklist_words", "checklist_output", "checklist_figure"),
)
"""Modules that neither read nor write anything, so they need nothing that knows where the state is."""


def modules() -> list[Path]:
    return sorted(path for path in CORE.glob("*.py") if path.stem != "__init__")


def imported(path: Path) -> set[str]:
    """Every module named by an import statement anywhere in the file, dotted and in full."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} line {node.lineno}: relative imports hide the order of modules"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def top_level(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def core_modules(names: set[str]) -> set[str]:
    """The modules of the core among what was imported."""
    parts = (name.split(".") for name in names)
    return {part[1] for part in parts if part[0] == "bakeoff_core" and len(part) > 1 and not part[1].startswith("__v")}


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_a_module_imports_only_modules_above_its_own(path: Path) -> None:
    assert path.stem in ORDER, f"{path.name} has no place in the order of modules yet"
    above = set(ORDER[: ORDER.index(path.stem)])
    assert core_modules(imported(path)) <= above


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_nothing_in_the_core_imports_streamlit(path: Path) -> None:
    assert "streamlit" not in top_level(imported(path))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_only_workers_import_torch_and_nothing_imports_the_workers(path: Path) -> None:
    names = imported(path)
    if path.stem not in WORKERS:
        assert not top_level(names) & HEAVY
        assert not core_modules(names) & WORKERS


@pytest.mark.parametrize("name", NO_FILES)
def test_a_module_that_only_computes_imports_nothing_that_keeps_state(name: str) -> None:
    assert not core_modules(imported(CORE / f"{name}.py")) & {"home", "store", "jobs", "machine"}


def server_files() -> list[Path]:
    """What the server runs: the app and its pages."""
    return [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def test_no_page_imports_torch_or_a_worker() -> None:
    for path in server_files():
        names = imported(path)
        assert not top_level(names) & HEAVY, path.name
        assert not core_modules(names) & {*WORKERS, "profiling"}, path.name


def test_everything_that_the_server_imports_loads_no_torch() -> None:
    ours = [f"bakeoff_core.{path.stem}" for path in modules() if path.stem not in {*WORKERS, "__main__"}]
    theirs = top_level(set().union(*(imported(path) for path in server_files()))) - {"pages", "bakeoff_core", "parts"}
    code = (
        "import importlib, sys\nfrom pathlib import Path\n"
        f"for name in {[*sorted(theirs), *ours]!r}: importlib.import_module(name)\n"
        f"heavy = sorted({HEAVY!r} & set(sys.modules))\n"
        "maps = Path('/proc/self/maps')\n"
        "mapped = maps.exists() and 'libtorch' in maps.read_text()\n"
        "sys.exit(f'loaded: {heavy}, mapped: {mapped}' if heavy or mapped else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_that_decides_can_read_what_others_published() -> None:
    published = {"published", "published_counts", "published_store", "timm_tables", "explore", "proxies"}
    for name in ("candidates", "store", "pareto", "decision", "chart", "figures", "report", "output", "explain"):
        assert not core_modules(imported(CORE / f"{name}.py")) & published, name
    for name in ("frontier", "report", "parts/data", "parts/explorer", "parts/answers", "parts/candidate_table"):
        assert not core_modules(imported(ROOT / "pages" / f"{name}.py")) & published, name
