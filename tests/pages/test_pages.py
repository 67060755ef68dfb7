"""Every page in every state, run without a browser; charts are tested as data in test_figures and in the browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.schema.profile import MeasurementWarning
from bakeoff_core.system.paths import home, own_accuracy_path, profiles_path
from tests.support.app_pages import FRONTIER, HOSTILE, MEASURE, REPORT, measured_shortlist, opened, profile_of, text_of
from tests.support.places import ROOT

PAGES = (FRONTIER, MEASURE, REPORT)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    home().mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_machine_never_measured_runs_and_offers_a_way_on(page):
    app = opened(page)
    assert not app.exception
    assert "not been measured" in text_of(app) or app.button


def test_machine_never_measured_shows_no_pick_and_the_two_ways_to_one():
    app = opened()
    assert '<strong id="pick">none</strong>' in text_of(app)
    assert [button.label for button in app.main.button] == ["Measure this machine", "Search all of timm"]


@pytest.mark.parametrize("page", PAGES)
def test_page_of_a_measured_machine_runs(page):
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    assert not opened(page).exception


def test_pick_is_the_most_accurate_within_the_limits_of_the_link():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    text = text_of(opened(latency_ms="9", min_top1="70"))
    assert '<strong id="pick">efficientnet_b0.ra_in1k</strong>' in text


def test_rule_in_the_link_makes_the_cheapest_the_pick():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    text = text_of(opened(rule="Cheapest", min_top1="60"))
    assert '<strong id="pick">mobilenetv3_small_100.lamb_in1k</strong>' in text


def test_limits_that_nothing_clears_show_none_and_the_relaxation_that_would_help():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    text = text_of(opened(latency_ms="3", min_top1="70"))
    assert '<strong id="pick">none</strong>' in text
    assert "mobilenetv3" in text or "efficientnet" in text


@pytest.mark.parametrize("value", ["-5", "nan", "1e999", "<b>", ""])
def test_absurd_limits_in_a_link_do_not_break_the_page(value):
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = opened(latency_ms=value, min_top1=value)
    assert not app.exception
    assert 'id="pick"' in text_of(app)


@pytest.mark.parametrize("page", PAGES)
def test_hostile_model_names_stay_text(page):
    hostile = replace(profile_of(HOSTILE, 0.001), img_size=224)
    own_accuracy_path().write_text(f'model_name,img_size,top1\n"{HOSTILE}",224,99\n')
    profiling_store.write_profiles(profiles_path(), [*measured_shortlist(), hostile])
    app = opened(page)
    assert not app.exception
    assert "<script>" not in text_of(app).replace("`<script>", "")


def test_failed_model_is_listed_with_its_error():
    failed = replace(profile_of("resnet18.a1_in1k", 0.01), latency_p50_s=None, error="Out of memory: 9 TB wanted")
    profiling_store.write_profiles(profiles_path(), [*measured_shortlist(), failed])
    table = opened().dataframe[0].value
    assert "not measured: Out of memory: 9 TB wanted" in set(table["place"])


def test_damaged_store_is_set_aside_named_and_the_page_goes_on():
    profiles_path().write_bytes(b"PAR1 and then rubbish")
    app = opened()
    assert not app.exception
    assert any("was set aside as profiles.damaged-" in warning.value for warning in app.warning)
    assert [button.label for button in app.main.button] == ["Measure this machine", "Search all of timm"]


def test_store_of_a_newer_version_is_refused_by_name_and_kept():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    content = profiles_path().read_bytes()
    import pyarrow.parquet as pq

    table = pq.read_table(profiles_path())
    pq.write_table(table.replace_schema_metadata({profiling_store.VERSION_KEY: b"99"}), profiles_path())
    app = opened()
    assert not app.exception
    assert any("written by a newer version" in error.value for error in app.error)
    assert profiles_path().exists() and content


def test_faulty_accuracy_file_is_named_and_the_built_in_ones_are_used():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    own_accuracy_path().write_text("model_name,img_size,top1\nresnet50.a1_in1k,224,eighty\n")
    app = opened()
    assert any("line 2" in warning.value for warning in app.warning)
    assert "convnext_tiny" in text_of(app)


def test_unknown_name_in_the_form_is_answered_before_anything_starts():
    app = opened(MEASURE)
    app.multiselect(key="models").set_value(["resnet50.no_such_tag_xyz|"]).run()
    assert not app.exception


def test_report_of_the_limits_chosen_on_the_frontier_page_names_them():
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = opened(latency_ms="9", min_top1="70")
    app.switch_page(REPORT).run()
    assert not app.exception
    assert any("efficientnet_b0.ra_in1k" in code.value and "9 ms" in code.value for code in app.code)


def test_preview_of_a_report_tells_the_decision_first_and_folds_its_long_lists():
    names = ("resnet50.a1_in1k", "resnet18.a1_in1k", "efficientnet_b0.ra_in1k", "convnext_tiny.in12k_ft_in1k")
    tags = [
        *names,
        "resnet50.tv_in1k",
        "resnet50.tv2_in1k",
        "vgg16.tv_in1k",
        "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    ]
    tags += ["mobilenetv3_small_100.lamb_in1k", "mobilenetv3_large_100.ra_in1k"]
    profiling_store.write_profiles(profiles_path(), [profile_of(tag, 0.004 * (i + 1)) for i, tag in enumerate(tags)])
    app = opened()
    app.switch_page(REPORT).run()
    assert not app.exception
    folded = [expander.label for expander in app.expander]
    assert "**Candidates** · 10 entries" in folded and "**Why not the others** · 9 entries" in folded
    shown = [markdown.value for markdown in app.markdown]
    assert any(text.startswith("# Backbone decision") for text in shown)
    assert any(text.startswith("## Why\n") for text in shown)
    assert not any("## Candidates" in text for text in shown)


def test_preview_of_a_report_folds_what_the_report_folds_and_shows_no_marks_of_it():
    busy = (MeasurementWarning("load", 0.9),)
    profiling_store.write_profiles(profiles_path(), [replace(row, warnings=busy) for row in measured_shortlist()])
    app = opened()
    app.switch_page(REPORT).run()
    assert not app.exception
    assert "All 4, one by one" in [expander.label for expander in app.expander]
    assert not any("<details>" in markdown.value or "</details>" in markdown.value for markdown in app.markdown)
    assert any("<details>" in code.value for code in app.code)
