"""The Fine-tune page in its states, without a browser; real runs are made in the browser's tests."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from bakeoff_core.datasets.registry import read_dataset, without_damaged
from bakeoff_core.finetuning.request import FinetuneSpec
from bakeoff_core.jobs import kinds
from bakeoff_core.jobs.labels import read_label, set_label
from bakeoff_core.profiling import store as profiling_store
from bakeoff_core.system import locks
from bakeoff_core.system.paths import home, jobs_path, profiles_path
from tests.support import run_folders
from tests.support.app_pages import measured_shortlist, profile_of, text_of
from tests.support.places import ROOT

PAGE = "pages/finetune.py"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    home().mkdir(parents=True, exist_ok=True)


def opened() -> AppTest:
    return AppTest.from_file(ROOT / "app.py", default_timeout=60).run().switch_page(PAGE).run()


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def choose_folder(app: AppTest, folder: Path) -> AppTest:
    app.button_group(key="dataset").set_value("folder").run()
    app.text_input(key="folder-folder").set_value(str(folder))
    return app.run()


def photographs(root: Path, classes: tuple[str, ...], count: int = 8) -> Path:
    for name in classes:
        (root / name).mkdir(parents=True)
        for at in range(count):
            Image.new("RGB", (32, 24), (at * 20, 90, 30)).save(root / name / f"{at}.jpg")
    return root


def write_run(state: str = "done", message: str = "Finished.", **spec: object) -> str:
    """A run that has ended, as its worker leaves it."""
    run_id = "20260101-120000-finetune-abcdef"
    folder = jobs_path() / run_id
    folder.mkdir(parents=True)
    request = FinetuneSpec("tf_efficientnet_lite0", "elpv", "full", **spec)
    content = {
        "format": 1,
        "kind": kinds.FINETUNE.key,
        "module": kinds.FINETUNE.module,
        "exclusive": True,
        "spec": vars(request),
    }
    (folder / "spec.json").write_text(json.dumps(content))
    (folder / "status.json").write_text(json.dumps({"format": 1, "state": state, "message": message}))
    (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 0.7, "seconds": 1.0}\n')
    (folder / "lock").touch()
    (folder / "log.txt").write_text("Traceback: something\n")
    return run_id


def test_default_data_need_no_network_and_the_recommended_recipe_is_chosen_with_its_reason() -> None:
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert "**2 classes**; 1,673 to train, 295 to validate, 656 to test · 300 x 300 px" in text
    assert "CC BY-NC-SA 4.0" in text
    assert "Recommended for 1,673 labelled images, about 836 a class" in text
    assert [group.value for group in app.button_group if group.key.startswith("recipe-")] == ["full"]
    assert "no network is needed" in text


def test_pick_without_weights_is_replaced_by_the_best_whose_weights_are_here_and_named() -> None:
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = opened()
    assert not app.exception
    text = text_of(app)
    assert "has to wait: its weights are not on this machine" in text
    (box,) = [box for box in app.selectbox if box.label == "Model"]
    assert box.value == "tf_efficientnet_lite0.in1k"


def test_pick_is_trained_at_the_size_it_was_measured_at(monkeypatch: pytest.MonkeyPatch) -> None:
    profile = replace(profile_of("tf_efficientnet_lite0.in1k", 0.004), img_size=288)
    profiling_store.write_profiles(profiles_path(), [profile])
    asked = []
    monkeypatch.setattr("pages.parts.finetune.start.start_run", asked.append)
    app = opened()
    assert app.number_input(key="img_size").placeholder == "288, as measured"
    button(app, "Fine-tune").click().run()
    app.number_input(key="img_size").set_value(160).run()
    button(app, "Fine-tune").click().run()
    assert [spec.img_size for spec in asked] == [288, 160]


def test_model_whose_weights_cannot_be_had_says_what_to_do() -> None:
    profiling_store.write_profiles(profiles_path(), measured_shortlist())
    app = opened()
    (box,) = [box for box in app.selectbox if box.label == "Model"]
    box.set_value("resnet50.a1_in1k").run()
    assert any("does not answer" in warning.value and "model.safetensors" in warning.value for warning in app.warning)


def test_folder_of_photographs_is_described_with_what_is_left_out(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    (root / "cat" / "notes.txt").write_text("no image")
    app = choose_folder(opened(), root)
    assert not app.exception
    text = text_of(app)
    assert "**2 classes**; 12 to train, 2 to validate, 2 to test · 32 x 24 px" in text
    assert "1 file is left out" in [expander.label for expander in app.expander]
    (left_out,) = app.table  # which wraps what does not fit, where a grid cuts it
    assert "notes.txt is no image in" in left_out.value["why"][0].replace("\\", "")
    assert "fewer than 100 labels" in text


def test_a_folder_of_train_and_val_asks_what_to_test_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs(tmp_path / "photos" / "train", ("cat", "dog"), 20)
    photographs(tmp_path / "photos" / "val", ("cat", "dog"), 7)
    asked = []
    monkeypatch.setattr("pages.parts.finetune.start.start_run", asked.append)
    app = choose_folder(opened(), tmp_path / "photos")
    assert not app.exception
    assert "34 to train, 6 to validate, 14 to test" in text_of(app)
    button(app, "Fine-tune").click().run()
    app.button_group(key="test_from").set_value("train").run()
    app.checkbox(key="leave_out_copies").check().run()
    assert "34 to train, 14 to validate, 6 to test" in text_of(app)
    button(app, "Fine-tune").click().run()
    assert [(spec.test_from, spec.leave_out_copies) for spec in asked] == [("val", False), ("train", True)]


def test_copies_are_told_and_shown_once_all_images_were_opened(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    app = choose_folder(opened(), root)
    assert not app.warning and "pairs of copies" not in str([expander.label for expander in app.expander])
    without_damaged(read_dataset("folder", root))
    app.run()
    assert not app.exception
    (warning,) = app.warning
    assert "16 images have the same bytes as one of another class: one of the two labels is wrong." in warning.value
    assert "8 pairs of copies" in [expander.label for expander in app.expander]


@pytest.mark.parametrize(
    ("classes", "words"),
    [((), "no folders in it"), (("cat",), "only one class"), ((f"cat{HOSTILE}"[:3], "dog"), None)],
)
def test_folder_that_cannot_be_used_is_refused_in_words(tmp_path: Path, classes: tuple, words: str | None) -> None:
    root = photographs(tmp_path / "photos", classes)
    root.mkdir(exist_ok=True)
    app = choose_folder(opened(), root)
    assert not app.exception
    if words is not None:
        assert any(words in error.value for error in app.error)
        assert not any(found.label == "Fine-tune" for found in app.button)


@pytest.mark.parametrize("pasted", ['"{}"', "'{}'", "  {} ", "file://{}"])
def test_a_folder_is_found_as_file_managers_copy_its_path(tmp_path: Path, pasted: str) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    assert "**2 classes**" in text_of(choose_folder(opened(), pasted.format(root)))


def test_a_file_in_the_place_of_a_folder_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"")
    app = choose_folder(opened(), tmp_path / "photos.zip")
    assert any("is a file. Name the folder that holds the images" in error.value for error in app.error)


def test_an_upload_that_is_refused_leaves_no_earlier_one_chosen_in_its_place(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    archive = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", root))
    app = opened()
    app.button_group(key="dataset").set_value("folder").run()
    app.button_group(key="folder-way").set_value("In a zip file").run()
    app.file_uploader[0].set_value(("photos.zip", archive.read_bytes(), "application/zip")).run()
    assert "**2 classes**" in text_of(app)
    app.file_uploader[0].set_value(("more.zip", b"cut off", "application/zip")).run()
    assert any("more.zip is no zip file" in error.value for error in app.error)
    assert "**2 classes**" not in text_of(app)
    assert not any(found.label == "Fine-tune" for found in app.button)


def test_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    app = choose_folder(opened(), tmp_path / "nowhere")
    assert any("nowhere" in error.value for error in app.error)


def test_flowers_that_are_not_here_are_asked_for_by_name_and_can_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BAKEOFF_DATA", raising=False)
    app = opened()
    app.button_group(key="dataset").set_value("flowers102").run()
    assert not app.exception
    assert any("102flowers.tgz" in warning.value for warning in app.warning)
    assert any(found.label.startswith("Download it") for found in app.button)


def test_weights_that_are_no_safetensors_are_refused_before_anything_starts(tmp_path: Path) -> None:
    pickle = tmp_path / "weights.pth"
    pickle.write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    app = opened()
    app.text_input(key="weights_file").set_value(str(pickle)).run()
    assert any("not a safetensors file" in error.value for error in app.error)
    assert not any(found.label == "Fine-tune" for found in app.button)


def test_absurd_settings_are_refused_in_words() -> None:
    app = opened()
    app.number_input(key="learning_rate").set_value(1e6).run()
    assert not app.exception
    assert any("must be greater than 0 and below 100" in error.value for error in app.error)


def test_failed_run_shows_why_its_log_and_the_way_on() -> None:
    write_run("failed", f"There is not enough memory. {HOSTILE}")
    app = opened()
    assert not app.exception
    assert any("There is not enough memory" in error.value and "<script>" not in error.value for error in app.error)
    assert button(app, "Resume")
    assert any("Traceback" in code.value for code in app.code)


def test_run_that_says_running_without_a_process_is_shown_as_failed() -> None:
    write_run("running", "Training")
    app = opened()
    assert any("was killed, or the machine went down" in error.value for error in app.error)


def test_results_that_are_gone_are_said_to_be() -> None:
    write_run("done")
    app = opened()
    assert not app.exception
    assert any("can't be read any more" in error.value for error in app.error)


def test_buttons_wait_while_the_machine_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "machine_holder", lambda: "20260101-120000-measure-abcdef")
    app = opened()
    assert button(app, "Fine-tune").disabled
    assert button(app, "Compare with from scratch").disabled
    assert "two jobs at once would spoil both" in text_of(app)


def test_several_runs_are_deleted_at_once_where_they_are_listed() -> None:
    kept, *others = [run_folders.write_run(number, validated=None, state="stopped") for number in (1, 2, 3)]
    set_label(others[0], name="With little data")
    app = opened()
    assert "With little data" in list(app.dataframe[1].value["name"])
    assert app.button(key=f"delete-{others[1]}-1").disabled  # the newest is ticked
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pages.parts.finetune.history._chosen", lambda ended, rows: ended[:2])
        app.run()
        app.checkbox(key=f"sure-{others[1]}-2").check().run()
        app.button(key=f"delete-{others[1]}-2").click().run()
    assert not app.exception
    assert [path.name for path in jobs_path().iterdir()] == [kept]
    assert any("Deleted 2 runs: " in said.value for said in app.success)


def test_a_name_that_can_not_be_shown_as_it_is_is_refused_in_words_and_a_joined_emoji_is_kept() -> None:
    run = run_folders.write_run(1, validated=None, state="stopped")
    app = opened()
    app.text_input(key=f"name-{run}").set_value("turned \u202eround")
    button(app, "Save").click().run()
    assert not app.exception
    assert any("A name must be one line" in error.value for error in app.error)
    app.text_input(key=f"name-{run}").set_value("\U0001f469\u200d\U0001f52c lab")
    button(app, "Save").click().run()
    assert not app.exception
    assert read_label(jobs_path() / run).name == "\U0001f469\u200d\U0001f52c lab"


def shown_copies(copies: dict | None) -> AppTest:
    """What a finished run's results say of copies."""

    def page(copies: dict | None) -> None:
        from pages.parts.finetune import results

        results._draw_copies({"copies": copies})

    return AppTest.from_function(page, args=(copies,), default_timeout=60).run()


def test_results_say_and_show_which_images_are_copies(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", ("cat", "dog"))
    copies = without_damaged(read_dataset("folder", root)).copies
    app = shown_copies(json.loads(json.dumps(asdict(copies))))
    assert not app.exception
    assert "16 images have the same bytes as one of another class" in app.warning[0].value
    assert [expander.label for expander in app.expander] == ["8 pairs of copies"]
    for of_before in (None, {"pairs": "no list"}):
        app = shown_copies(of_before)
        assert not (app.exception or app.warning or app.expander)
