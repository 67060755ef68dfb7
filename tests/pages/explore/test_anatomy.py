"""Where the cost sits, without a browser: results that are kept, models that are wrong, jobs at work and failed."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from bakeoff_core.catalogue.timm_names import TimmModel, TimmModels, write_timm_models
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs import manager as jobs_manager
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.profiling.anatomy import request as anatomy_request
from bakeoff_core.profiling.anatomy.store import write_anatomy
from bakeoff_core.schema.profile import Profile
from bakeoff_core.system.files import write_json
from bakeoff_core.system.machine import this_machine
from bakeoff_core.system.paths import home, profiles_path, timm_models_path
from pages.parts.explore import views
from tests.support.anatomies import heavy_head, light_layers
from tests.support.examples import make_profile
from tests.support.places import ROOT

PAGE = "pages/explore.py"
START_DISSECTING = anatomy_request.start_dissecting
HOSTILE = "<script>alert(1)</script>|**x**.a`b`"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> list[list[anatomy_request.Wanted]]:
    """The working folder, timm's names, and a launcher that only notes what it is asked for."""
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)
    names = [TimmModel(name, 224, None, False, True) for name in ("heavy.tag", "light.tag", "vgg16.tv_in1k")]
    write_timm_models(timm_models_path(), TimmModels("1.0.31", tuple(names)))
    asked: list[list[anatomy_request.Wanted]] = []
    monkeypatch.setattr("pages.parts.explore.anatomy_job.start_dissecting", lambda wanted: asked.append(list(wanted)))
    return asked


def measured(model_name: str, macs: int, latency_s: float) -> Profile:
    here = this_machine()
    where = {name: getattr(here, name) for name in ("machine_id", "machine_name", "timm_version")} | {
        "backend_version": here.torch_version
    }
    ends = {"latency_p50_low_s": latency_s * 0.98, "latency_p50_high_s": latency_s * 1.02}
    return make_profile(model_name, macs=macs, latency_p50_s=latency_s, rounds=(), **ends, **where)


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.run()
    for name, value in query.items():
        app.query_params[name] = value
    return app.switch_page(PAGE).run()


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_page_of_a_machine_never_measured_takes_a_first_model_apart(at_the_root) -> None:
    app = opened(view=views.COST)
    assert not app.exception
    assert at_the_root and at_the_root[0][0].img_size == 224
    assert "Once models are measured here" in text_of(opened(view=views.TIME))


def test_nothing_is_taken_apart_while_another_view_is_open(at_the_root) -> None:
    assert not opened(view=views.LANDSCAPE, anatomy="heavy.tag").exception
    assert at_the_root == []


def test_a_kept_anatomy_is_told_and_tabled_at_once(at_the_root) -> None:
    write_anatomy(heavy_head())
    app = opened(anatomy="heavy.tag")
    assert not app.exception
    assert at_the_root == []
    assert "Fully connected layers hold 90 % of its parameters" in text_of(app)
    table = app.dataframe[0].value
    assert list(table["stage"]) == ["Stem", "Stage 1", "Stage 2", "Head"]
    assert table["parameters (%)"].sum() == pytest.approx(100)
    assert list(table["step (px)"].dropna()) == [2, 4, 8]


def test_two_models_stand_side_by_side() -> None:
    write_anatomy(heavy_head())
    write_anatomy(light_layers())
    app = opened(anatomy="heavy.tag", anatomy_other="light.tag")
    assert not app.exception
    assert len(app.dataframe) == 2
    assert "**A** `heavy.tag`" in text_of(app) and "**B** `light.tag`" in text_of(app)


def test_pairs_that_disagree_are_named_with_the_reasons_of_their_layers(at_the_root) -> None:
    profiling_store.write_profiles(
        profiles_path(), [measured("heavy.tag", 10**7, 0.01), measured("light.tag", 1_004_500, 0.005)]
    )
    write_anatomy(heavy_head())
    write_anatomy(light_layers())
    text = text_of(opened(view=views.TIME))
    assert "`light` has 10 % of the MACs of `heavy` but takes 50 % of its time" in text
    assert "moves at least 110 numbers through memory" in text
    assert "number 1 of 2 models" in text_of(opened(anatomy="heavy.tag"))
    assert at_the_root == []


def test_models_of_a_disagreeing_pair_are_taken_apart_after_the_one_that_is_shown(at_the_root) -> None:
    profiling_store.write_profiles(
        profiles_path(), [measured("heavy.tag", 10**7, 0.01), measured("light.tag", 10**6, 0.005)]
    )
    opened(anatomy="vgg16.tv_in1k")
    assert [wanted.model_name for wanted in at_the_root[0]] == ["vgg16.tv_in1k", "light.tag", "heavy.tag"]


def test_a_name_that_timm_does_not_know_is_answered_with_the_nearest(at_the_root) -> None:
    app = opened(anatomy="heavie.tag")
    assert not app.exception
    assert any("Did you mean heavy.tag?" in error.value.replace("\\", "") for error in app.error)


def test_a_size_that_is_chosen_is_the_one_that_is_taken(at_the_root) -> None:
    opened(anatomy="heavy.tag", anatomy_size="320")
    assert at_the_root[0][0] == anatomy_request.Wanted("heavy.tag", 320)


@pytest.mark.parametrize("size", ["0", "-5", "nan", "999999", "<b>"])
def test_absurd_sizes_in_a_link_do_not_break_the_page(size: str) -> None:
    assert not opened(anatomy="heavy.tag", anatomy_size=size).exception


def test_a_machine_that_measures_is_left_alone(at_the_root, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr("pages.parts.explore.anatomy_job.start_dissecting", START_DISSECTING)
    monkeypatch.setattr("bakeoff_core.profiling.anatomy.request.start_job", lambda kind, *_, **__: started.append(kind))
    monkeypatch.setattr("bakeoff_core.jobs.manager.machine_holder", lambda: "20260101-120000-measure-abcdef")
    app = opened(anatomy="heavy.tag")
    assert not app.exception and started == []
    assert any("being measured" in info.value for info in app.info), [info.value for info in app.info]


def failed_job(**status: object) -> None:
    """The folder of a job that took nothing apart."""
    folder = jobs_manager.jobs_path() / "20260101-120000-anatomy-abcdef"
    folder.mkdir(parents=True)
    spec = {"wanted": [["heavy.tag", 224]]}
    write_json(folder / "spec.json", {"format": 1, "kind": "anatomy", "module": kinds.ANATOMY.module, "spec": spec})
    write_json(folder / "status.json", {"format": 1, **status})


def test_a_model_that_failed_says_why_and_is_tried_again_only_when_asked(at_the_root) -> None:
    failure = {"model_name": "heavy.tag", "img_size": 224, "error": "Out of memory: <b>9 TB</b>"}
    profiling_store.write_profiles(profiles_path(), [measured("heavy.tag", 10**7, 0.01)])  # so that it can be chosen
    failed_job(state="done", failures=[failure])
    app = opened(anatomy="heavy.tag")
    assert any("could not be taken apart. Out of memory: &lt;b&gt;9 TB" in error.value for error in app.error)
    assert at_the_root == []
    app.button(key="again-heavy.tag-224").click().run()
    assert at_the_root == [[anatomy_request.Wanted("heavy.tag", 224)]]


def test_a_worker_that_was_killed_is_told_in_words() -> None:
    failed_job(state="running", current="heavy.tag")
    assert any("was killed, or the machine went down" in error.value for error in opened(anatomy="heavy.tag").error)


def test_hostile_names_stay_text() -> None:
    profiling_store.write_profiles(
        profiles_path(), [measured(HOSTILE, 10**7, 0.01), measured("light.tag", 10**6, 0.005)]
    )
    for view in views.VIEWS:
        app = opened(view=view)
        assert not app.exception
        assert "<script>" not in text_of(app).replace("`<script>", "")


def test_details_of_a_candidate_link_to_where_its_cost_sits() -> None:
    profiling_store.write_profiles(profiles_path(), [measured("resnet18.a1_in1k", 10**7, 0.01)])
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.session_state["frontier-chart-clicked"] = "resnet18.a1_in1k @ 224"
    app.run()
    assert not app.exception
    (link,) = [element.proto for element in app.get("page_link") if "Where its cost sits" in element.proto.label]
    assert "anatomy=resnet18.a1_in1k" in link.query_string and "anatomy_size=224" in link.query_string
