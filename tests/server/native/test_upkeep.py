"""Removing for good over REST, through a real server."""

from __future__ import annotations

from typing import Any

import pytest

from treering.core.errors import NotFound
from treering.entities.lifecycle import LoggedModelStatus
from treering.entities.run import NewRun
from treering.registry.base import NewModelVersion
from treering.tracking.base import NewLoggedModel
from treering.wire.endpoint import Permission
from treering.wire.native.catalogue import ENDPOINTS

Site = Any  # of conftest.py, which tests cannot import

RUNS, MODELS, EXPERIMENT = (f"/api/v1/upkeep/purge/{name}" for name in ("runs", "logged-models", "experiment"))


def made_run(site: Site, experiment_id: str = "0", *, deleted: bool = True) -> tuple[str, str]:
    """A run with a file; its id, and where the file is."""
    info = site.services.tracking.runs.create(NewRun(experiment_id)).info
    site.services.open_artifacts(info.artifact_uri).write("a/b.txt", [b"x"])
    if deleted:
        site.services.tracking.runs.delete(info.run_id)
    return info.run_id, info.artifact_uri


def files(site: Site, uri: str) -> list[str]:
    return [info.path for info in site.services.open_artifacts(uri).walk()]


def is_there(site: Site, run_id: str) -> bool:
    try:
        site.services.tracking.runs.get(run_id)
    except NotFound:
        return False
    return True


def registered(site: Site, run_id: str, source: str, model_id: str = "") -> None:
    site.services.registry.models.create("kept")
    site.services.registry.versions.create(NewModelVersion("kept", source, run_id, model_id=model_id))


def test_only_administrators_may() -> None:
    upkeep = [endpoint for endpoint in ENDPOINTS if endpoint.name.startswith("upkeep.")]
    assert len(upkeep) > 3
    assert {endpoint.permission for endpoint in upkeep} == {Permission.ADMINISTER}


@pytest.mark.parametrize("path", [RUNS, MODELS, EXPERIMENT])
def test_no_page_of_another_site_may(site: Site, path: str) -> None:
    run_id, _ = made_run(site)
    asked = {"run_ids": [run_id], "model_ids": ["m"], "experiment_id": "1"}
    answer = site.ask("POST", path, asked, {"origin": "http://evil.example"})
    assert answer.status == 403
    assert is_there(site, run_id)


def test_what_was_deleted_is_listed(site: Site) -> None:
    run_id, uri = made_run(site)
    made_run(site, deleted=False)
    (item,) = site.ask("GET", "/api/v1/upkeep/deleted").json()["items"]
    assert (item["kind"], item["item_id"], item["artifact_uri"]) == ("run", run_id, uri)


def test_a_deleted_run_goes_with_its_files(site: Site) -> None:
    run_id, uri = made_run(site)
    other, other_uri = made_run(site)
    answer = site.ask("POST", RUNS, {"run_ids": [run_id, "nobody"]})
    assert (answer.status, answer.json()) == (200, {"count": 1})
    assert not is_there(site, run_id)
    assert files(site, uri) == []
    assert (is_there(site, other), files(site, other_uri)) == (True, ["a/b.txt"])
    assert site.ask("POST", RUNS, {"run_ids": [run_id]}).json() == {"count": 0}


def test_the_files_stay_where_that_is_asked(site: Site) -> None:
    run_id, uri = made_run(site)
    assert site.ask("POST", RUNS, {"run_ids": [run_id], "artifacts": False}).json() == {"count": 1}
    assert (is_there(site, run_id), files(site, uri)) == (False, ["a/b.txt"])


def test_one_active_run_keeps_all_with_their_files(site: Site) -> None:
    run_id, uri = made_run(site)
    active, _ = made_run(site, deleted=False)
    answer = site.ask("POST", RUNS, {"run_ids": [run_id, active]})
    assert answer.status == 400
    assert f"'{active}' is active" in answer.json()["message"]
    assert (is_there(site, run_id), files(site, uri)) == (True, ["a/b.txt"])


def test_what_a_version_comes_from_is_refused(site: Site) -> None:
    run_id, uri = made_run(site)
    free, free_uri = made_run(site)
    registered(site, run_id, f"{uri}/a")
    answer = site.ask("POST", RUNS, {"run_ids": [free, run_id]})
    assert answer.status == 409
    assert "version 1 of the registered model kept" in answer.json()["message"]
    assert (is_there(site, free), files(site, free_uri), files(site, uri)) == (True, ["a/b.txt"], ["a/b.txt"])
    site.services.registry.versions.delete("kept", 1)
    assert site.ask("POST", RUNS, {"run_ids": [free, run_id]}).json() == {"count": 2}


def test_logged_models(site: Site) -> None:
    made = []
    for name in ("one", "two"):
        model = site.services.tracking.models.create(NewLoggedModel("0", name))
        site.services.open_artifacts(model.artifact_uri).write("MLmodel", [b"x"])
        site.services.tracking.models.finalize(model.model_id, LoggedModelStatus.READY)
        made.append(model)
    one, two = made
    assert site.ask("POST", MODELS, {"model_ids": [one.model_id]}).status == 400
    registered(site, "", f"models:/{two.model_id}")
    for model in made:
        site.services.tracking.models.delete(model.model_id)
    assert site.ask("POST", MODELS, {"model_ids": [two.model_id, one.model_id]}).status == 409
    assert files(site, one.artifact_uri) == ["MLmodel"]
    assert site.ask("POST", MODELS, {"model_ids": [one.model_id]}).json() == {"count": 1}
    assert (files(site, one.artifact_uri), files(site, two.artifact_uri)) == ([], ["MLmodel"])


def test_an_experiment_goes_with_all_it_holds(site: Site) -> None:
    tracking = site.services.tracking
    experiment = tracking.experiments.create("x").experiment_id
    places = [made_run(site, experiment, deleted=deleted)[1] for deleted in (True, False)]
    model = tracking.models.create(NewLoggedModel(experiment, "m"))
    site.services.open_artifacts(model.artifact_uri).write("MLmodel", [b"x"])
    assert site.ask("POST", EXPERIMENT, {"experiment_id": experiment}).status == 400
    assert files(site, places[0]) == ["a/b.txt"]
    tracking.experiments.delete(experiment)
    assert site.ask("POST", EXPERIMENT, {"experiment_id": experiment}).json() == {"count": 1}
    assert [files(site, uri) for uri in (*places, model.artifact_uri)] == [[], [], []]
    assert site.ask("POST", EXPERIMENT, {"experiment_id": experiment}).json() == {"count": 0}
    assert site.ask("GET", f"/api/v1/experiments/{experiment}").status == 404


def test_an_experiment_stays_for_a_version_of_a_run_in_it(site: Site) -> None:
    experiment = site.services.tracking.experiments.create("x").experiment_id
    run_id, uri = made_run(site, experiment, deleted=False)
    registered(site, run_id, "s3://bucket/elsewhere")
    site.services.tracking.experiments.delete(experiment)
    assert site.ask("POST", EXPERIMENT, {"experiment_id": experiment}).status == 409
    assert (is_there(site, run_id), files(site, uri)) == (True, ["a/b.txt"])


def test_what_has_files_out_of_reach_stays(site: Site) -> None:
    tracking = site.services.tracking
    experiment = tracking.experiments.create("far", "gopher://nowhere/x").experiment_id
    run_id = tracking.runs.create(NewRun(experiment)).info.run_id
    tracking.experiments.delete(experiment)
    for path, asked in ((RUNS, {"run_ids": [run_id]}), (EXPERIMENT, {"experiment_id": experiment})):
        answer = site.ask("POST", path, asked)
        assert answer.status == 404
        assert "gopher" in answer.json()["message"]
        assert is_there(site, run_id)
    assert site.ask("POST", EXPERIMENT, {"experiment_id": experiment, "artifacts": False}).json() == {"count": 1}


def test_the_default_experiment_always_stays(site: Site) -> None:
    _, uri = made_run(site)
    site.services.tracking.experiments.delete("0")
    answer = site.ask("POST", EXPERIMENT, {"experiment_id": "0"})
    assert answer.status == 400
    assert "always exists" in answer.json()["message"]
    assert files(site, uri) == ["a/b.txt"]
