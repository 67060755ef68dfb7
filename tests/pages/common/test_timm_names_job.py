"""When a page has timm's names listed: where nothing else can tell whether there is such a model."""

import pytest

from pages.parts.common import timm_names_job


def test_timms_list_is_only_read_for_names_that_the_catalogue_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[bool] = []
    monkeypatch.setattr(timm_names_job, "ensure_listed", lambda: listed.append(True))
    timm_names_job.look_up([])
    timm_names_job.look_up(["tf_efficientnet_lite0.in1k", "resnet18.a1_in1k"])
    assert listed == []
    timm_names_job.look_up(["tf_efficientnet_lite0.in1k", "resnet18.nosuchtag"])
    assert listed == [True]
