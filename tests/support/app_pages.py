"""Pages run without a browser: profiles for them to show, and what can be read off them."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from bakeoff_core.catalogue.shortlists import SHORTLISTS
from bakeoff_core.profiling.rows import fold
from bakeoff_core.schema.profile import Profile, Round
from bakeoff_core.system.machine import this_machine
from tests.support.places import ROOT

FRONTIER, MEASURE, REPORT = "pages/frontier.py", "pages/measure.py", "pages/report.py"
HOSTILE = "<script>alert(1)</script>|**x**.a`b`"


def profile_of(model_name: str, latency_s: float, **fields: object) -> Profile:
    """A profile of this machine with two rounds of steady passes."""
    machine = this_machine()
    blank = Profile(
        model_name=model_name,
        img_size=224,
        machine_id=machine.machine_id,
        device="cpu",
        threads=2,
        batch_size=1,
        backend="pytorch",
        backend_version=machine.torch_version,
        precision="float32",
        timm_version=machine.timm_version,
        machine_name=machine.machine_name,
        cpu_name=machine.cpu_name,
        cpu_count=2,
        memory_bytes=machine.memory_bytes,
        gpu_name=None,
        os_name=machine.os_name,
        python_version=machine.python_version,
    )
    one = Round((latency_s,) * 64, 6, True, False, 0.0, 0.0, 50_000_000, "2026-01-01T00:00:00Z")
    measured = fold(fold(blank, one, None), one, None)
    return replace(measured, **{"param_count": 5_000_000, "weight_bytes": 20_000_000, "macs": 300_000_000, **fields})


def measured_shortlist() -> list[Profile]:
    """Profiles of the lab's four models, the more accurate the slower."""
    return [profile_of(name, 0.004 * (i + 1)) for i, name in enumerate(SHORTLISTS["lab"].models)]


def opened(page: str = FRONTIER, **query: str) -> AppTest:
    """The app by a link, and then one of its pages."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page(page).run() if page != FRONTIER else app


def text_of(app: AppTest) -> str:
    """Everything a page says in words, and the HTML it draws."""
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.success)
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([element.value for kind in kinds for element in kind] + html)
