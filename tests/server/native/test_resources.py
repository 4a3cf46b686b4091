"""Every native endpoint through a real server, with our own client's encoding and with JSON."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.entities.dataset import Dataset, DatasetInput
from treering.entities.lifecycle import Lifecycle, LoggedModelStatus, RunStatus, View
from treering.entities.metric import MetricColumns
from treering.entities.page import Query
from treering.entities.run import NewRun
from treering.server.surfaces import NATIVE_SURFACE
from treering.wire.endpoint import Empty, Endpoint
from treering.wire.native import artifacts, datasets, experiments, metrics, models, runs, server
from treering.wire.native.catalogue import ENDPOINTS
from treering.wire.native.codec import NATIVE
from treering.wire.native.points import columns_from, points_from

Site = Any  # of conftest.py, which tests cannot import


def call(site: Site, endpoint: Endpoint[Any, Any], asked: Any) -> Any:
    sent = NATIVE.encode_request(endpoint, asked)
    path = f"{sent.path}?{sent.query}" if sent.query else sent.path
    answer = site.ask(sent.method, path, sent.body or None, sent.headers)
    kind = answer.headers.get("content-type", "")
    if answer.status != 200:
        raise NATIVE.decode_error(answer.status, kind, answer.body)
    return NATIVE.decode_response(endpoint, kind, answer.body)


def test_every_endpoint_has_one_handler() -> None:
    handled = [endpoint.name for table in NATIVE_SURFACE.tables for endpoint, _ in (*table.plain(), *table.streaming())]
    assert sorted(handled) == sorted(endpoint.name for endpoint in ENDPOINTS)


def test_the_server_tells_what_it_is(site: Site) -> None:
    info = call(site, server.INFO, Empty())
    assert (info.database, info.default_artifact_root, info.serves_artifacts) == ("memory", "mlflow-artifacts:/", True)


def test_experiments(site: Site) -> None:
    made = call(site, experiments.CREATE, experiments.CreateExperiment("vision", tags={"team": "a"}))
    one = experiments.ExperimentId(made.experiment_id)
    assert call(site, experiments.GET, one) == made
    assert call(site, experiments.GET_BY_NAME, experiments.ExperimentName("vision")) == made
    with pytest.raises(AlreadyExists):
        call(site, experiments.CREATE, experiments.CreateExperiment("vision"))
    call(site, experiments.RENAME, experiments.RenameExperiment(made.experiment_id, "speech"))
    call(site, experiments.SET_TAGS, experiments.SetExperimentTags(made.experiment_id, {"a/b c": "x"}))
    assert call(site, experiments.GET, one).tags == {"team": "a", "a/b c": "x"}
    call(site, experiments.DELETE_TAG, experiments.DeleteExperimentTag(made.experiment_id, "a/b c"))
    page = call(site, experiments.SEARCH, experiments.SearchExperiments(filter="name = 'speech'", with_total=True))
    assert ([item.tags for item in page.experiments], page.total) == ([{"team": "a"}], 1)
    call(site, experiments.DELETE, one)
    assert call(site, experiments.GET, one).lifecycle_stage is Lifecycle.DELETED
    assert not call(site, experiments.SEARCH, experiments.SearchExperiments(filter="name = 'speech'")).experiments
    call(site, experiments.RESTORE, one)
    assert call(site, experiments.GET, one).lifecycle_stage is Lifecycle.ACTIVE
    with pytest.raises(NotFound):
        call(site, experiments.GET, experiments.ExperimentId("99"))


@pytest.mark.parametrize("place", ["http://169.254.169.254/", "sftp://host/x"])
def test_an_experiment_cannot_point_the_server_at_another_machine(site: Site, place: str) -> None:
    with pytest.raises(InvalidInput):
        call(site, experiments.CREATE, experiments.CreateExperiment("relay", place))


def test_runs(site: Site) -> None:
    made = call(site, runs.CREATE, NewRun("0", run_name="first", tags={"t": "1"}, start_time=5))
    run_id = runs.RunId(made.run_id)
    assert call(site, runs.GET, run_id) == made
    dataset = DatasetInput(Dataset("d", "1", "local", "{}"), {"mlflow.data.context": "train"})
    points = points_from(MetricColumns([0, 1], [10, 11], [0.5, float("nan")]))
    batch = runs.RunBatch(made.run_id, {"lr": "0.1"}, {"x": "y"}, {"val/loss": points}, datasets=[dataset])
    call(site, runs.LOG, runs.LogBatches([batch], "journal", 100))
    call(site, runs.LOG, runs.LogBatches([batch], "journal", 100))
    assert call(site, runs.DELIVERED, runs.JournalId("journal")).end == 100
    found = call(site, runs.GET, run_id)
    assert (found.params, found.tags["x"], found.datasets) == ({"lr": "0.1"}, "y", [dataset])
    summary = found.metrics["val/loss"]
    assert (summary.last, summary.step, summary.minimum, summary.count) == ("NaN", 1, 0.5, 2)
    page = call(site, runs.SEARCH, runs.SearchRuns(experiment_ids=["0"], filter="params.lr = '0.1'", with_total=True))
    assert ([item.run_id for item in page.runs], page.total) == ([made.run_id], 1)
    call(site, runs.DELETE_TAG, runs.DeleteRunTag(made.run_id, "x"))
    with pytest.raises(NotFound):
        call(site, runs.DELETE_TAG, runs.DeleteRunTag(made.run_id, "x"))
    assert call(site, runs.UPDATE, runs.UpdateRun(made.run_id, RunStatus.FINISHED, 9, "new")).run_name == "new"
    call(site, runs.DELETE, run_id)
    assert not call(site, runs.SEARCH, runs.SearchRuns(experiment_ids=["0"])).runs
    assert call(site, runs.SEARCH, runs.SearchRuns(experiment_ids=["0"], view=View.DELETED_ONLY)).runs
    call(site, runs.RESTORE, run_id)
    assert call(site, runs.GET, run_id).lifecycle_stage is Lifecycle.ACTIVE
    uses = call(site, datasets.SEARCH, datasets.SearchDatasets(["0"])).datasets
    assert [(use.experiment_id, use.dataset.name, use.context) for use in uses] == [("0", "d", "train")]


def test_metrics(site: Site) -> None:
    run_id = call(site, runs.CREATE, NewRun("0")).run_id
    steps = list(range(5000))
    points = points_from(MetricColumns(steps, steps, [step / 2 for step in steps]))
    call(site, runs.LOG, runs.LogBatches([runs.RunBatch(run_id, series={"a/b": points})]))
    first = call(site, metrics.HISTORY, metrics.History(run_id, "a/b", 3000))
    rest = call(site, metrics.HISTORY, metrics.History(run_id, "a/b", 3000, first.next_token))
    assert (first.count, rest.count, rest.next_token) == (3000, 2000, "")
    assert [*columns_from(first.points).steps, *columns_from(rest.points).steps] == steps
    (series,) = call(site, metrics.SAMPLE, metrics.Sample([run_id], ["a/b"], 100)).series
    assert (series.run_id, series.key, series.total) == (run_id, "a/b", 5000)
    assert 0 < len(series.steps) <= 101
    assert series.last[-1] == 4999 / 2


def test_points_in_json_are_base64(site: Site) -> None:
    run_id = call(site, runs.CREATE, NewRun("0")).run_id
    column = {"steps": "AAAAAAAAAAA=", "timestamps": "AAAAAAAAAAA=", "values": "AAAAAAAA8H8="}
    batch = {"batches": [{"run_id": run_id, "series": {"m": column}}]}
    assert site.ask("POST", "/api/v1/runs/log", batch).status == 200
    page = site.ask("GET", f"/api/v1/runs/{run_id}/metrics/m").json()
    assert page == {"points": column, "count": 1, "next_token": ""}
    assert site.ask("GET", f"/api/v1/runs/{run_id}").json()["metrics"]["m"]["last"] == "Infinity"


def test_columns_that_do_not_fit_store_nothing(site: Site) -> None:
    run_id = call(site, runs.CREATE, NewRun("0")).run_id
    good = points_from(MetricColumns([1], [1], [1.0]))
    bad = runs.SeriesPoints(struct.pack("<q", 1), b"", struct.pack("<d", 1))
    with pytest.raises(InvalidInput, match="'bad' do not fit together"):
        call(site, runs.LOG, runs.LogBatches([runs.RunBatch(run_id, series={"good": good, "bad": bad})]))
    assert call(site, runs.GET, runs.RunId(run_id)).metrics == {}


def test_logged_models(site: Site) -> None:
    run_id = call(site, runs.CREATE, NewRun("0")).run_id
    new = models.CreateLoggedModel("0", "forest", "sklearn", run_id, {"depth": "3"}, {"a": "b"})
    made = call(site, models.CREATE_LOGGED_MODEL, new)
    asked = models.GetLoggedModel(made.model_id)
    assert call(site, models.GET_LOGGED_MODEL, asked) == made
    ready = models.FinalizeLoggedModel(made.model_id, LoggedModelStatus.READY)
    assert call(site, models.FINALIZE_LOGGED_MODEL, ready).status is LoggedModelStatus.READY
    call(site, models.LOG_LOGGED_MODEL_PARAMS, models.LoggedModelParams(made.model_id, {"trees": "9"}))
    call(site, models.SET_LOGGED_MODEL_TAGS, models.LoggedModelTags(made.model_id, {"c": "d"}))
    call(site, models.DELETE_LOGGED_MODEL_TAG, models.LoggedModelTag(made.model_id, "a"))
    found = call(site, models.GET_LOGGED_MODEL, asked)
    assert (found.params, found.tags) == ({"depth": "3", "trees": "9"}, {"c": "d"})
    page = call(site, models.SEARCH_LOGGED_MODELS, models.SearchLoggedModels(experiment_ids=["0"]))
    assert [item.model_id for item in page.models] == [made.model_id]
    call(site, models.DELETE_LOGGED_MODEL, models.LoggedModelId(made.model_id))
    with pytest.raises(NotFound):
        call(site, models.GET_LOGGED_MODEL, asked)
    deleted = models.GetLoggedModel(made.model_id, allow_deleted=True)
    assert call(site, models.GET_LOGGED_MODEL, deleted).lifecycle_stage is Lifecycle.DELETED


def test_registry(site: Site) -> None:
    run = call(site, runs.CREATE, NewRun("0"))
    made = call(site, models.CREATE_REGISTERED_MODEL, models.CreateRegisteredModel("churn", "of customers", {"a": "b"}))
    name = models.RegisteredModelName("churn")
    assert call(site, models.GET_REGISTERED_MODEL, name) == made
    new = models.CreateVersion("churn", f"{run.artifact_uri}/model", run.run_id, tags={"v": "1"})
    first = call(site, models.CREATE_VERSION, new)
    second = call(site, models.CREATE_VERSION, new)
    assert (first.version, second.version) == (1, 2)
    one = models.VersionNumber("churn", 1)
    assert call(site, models.GET_VERSION, one).source == new.source
    call(site, models.SET_ALIAS, models.SetAlias("churn", "champion", 1))
    assert call(site, models.GET_BY_ALIAS, models.Alias("churn", "champion")).version == 1
    call(site, models.DELETE_ALIAS, models.Alias("churn", "champion"))
    with pytest.raises(NotFound):
        call(site, models.GET_BY_ALIAS, models.Alias("churn", "champion"))
    moved = call(site, models.TRANSITION_VERSION, models.TransitionVersion("churn", 1, "Staging"))
    assert moved.stage == "Staging"
    latest = call(site, models.LATEST_VERSIONS, models.LatestVersions("churn", ["Staging"])).versions
    assert [item.version for item in latest] == [1]
    assert call(site, models.UPDATE_VERSION, models.UpdateVersion("churn", 1, "good")).description == "good"
    call(site, models.SET_VERSION_TAGS, models.VersionTags("churn", 1, {"w": "2"}))
    call(site, models.DELETE_VERSION_TAG, models.VersionTag("churn", 1, "v"))
    assert call(site, models.GET_VERSION, one).tags == {"w": "2"}
    assert len(call(site, models.SEARCH_VERSIONS, models.SearchModels(filter="name = 'churn'")).versions) == 2
    call(site, models.DELETE_VERSION, models.VersionNumber("churn", 2))
    assert call(site, models.RENAME_REGISTERED_MODEL, models.RenameRegisteredModel("churn", "leave")).name == "leave"
    assert call(site, models.UPDATE_REGISTERED_MODEL, models.UpdateRegisteredModel("leave", "d")).description == "d"
    call(site, models.SET_REGISTERED_MODEL_TAGS, models.RegisteredModelTags("leave", {"c": "d"}))
    call(site, models.DELETE_REGISTERED_MODEL_TAG, models.RegisteredModelTag("leave", "a"))
    (found,) = call(site, models.SEARCH_REGISTERED_MODELS, models.SearchModels()).models
    assert (found.name, found.tags) == ("leave", {"c": "d"})
    call(site, models.DELETE_REGISTERED_MODEL, models.RegisteredModelName("leave"))
    with pytest.raises(NotFound):
        call(site, models.GET_REGISTERED_MODEL, models.RegisteredModelName("leave"))


@pytest.fixture
def run_uri(site: Site) -> str:
    run = call(site, runs.CREATE, NewRun("0"))
    store = site.services.open_artifacts(run.artifact_uri)
    store.write("notes.txt", [b"hello"])
    store.write("plots/page.html", [b"<script>alert(1)</script>"])
    return f"runs:/{run.run_id}"


def test_artifacts_are_listed(site: Site, run_uri: str) -> None:
    found = call(site, artifacts.LIST, artifacts.ArtifactPath(run_uri)).files
    assert [(item.path, item.is_dir, item.size) for item in found] == [("notes.txt", False, 5), ("plots", True, None)]
    below = call(site, artifacts.LIST, artifacts.ArtifactPath(run_uri, "plots")).files
    assert [item.path for item in below] == ["plots/page.html"]


def test_artifacts_are_read_whole_and_in_part(site: Site, run_uri: str) -> None:
    path = f"/api/v1/artifacts/content?uri={run_uri}&path=notes.txt"
    whole = site.ask("GET", path)
    assert (whole.status, whole.body) == (200, b"hello")
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = site.ask("GET", path, headers={"range": "bytes=1-2"})
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"el", "bytes 1-2/5")
    assert site.ask("GET", path, headers={"range": "bytes=9-"}).status == 416


def test_only_the_head_of_an_artifact_is_sent_where_only_that_is_wanted(site: Site, run_uri: str) -> None:
    answer = site.ask("HEAD", f"/api/v1/artifacts/content?uri={run_uri}&path=notes.txt")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "5")


def test_artifacts_that_could_run_are_kept_from_it(site: Site, run_uri: str) -> None:
    answer = site.ask("GET", f"/api/v1/artifacts/content?uri={run_uri}&path=plots/page.html")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "%2e%2e/%2e%2e/x", "plots/../../x", "a%00b", "..%5Cx"])
def test_a_path_that_climbs_is_refused(site: Site, run_uri: str, path: str) -> None:
    for endpoint in ("/api/v1/artifacts", "/api/v1/artifacts/content"):
        answer = site.ask("GET", f"{endpoint}?uri={run_uri}&path={path}")
        assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("uri", ["file:///etc", "/etc", "s3://bucket/x", "mlflow-artifacts:/0", "http://localhost/"])
def test_only_runs_and_models_are_shown(site: Site, uri: str) -> None:
    answer = site.ask("GET", f"/api/v1/artifacts/content?uri={uri}&path=passwd")
    assert answer.status == 400
    assert "Ask for runs:/" in answer.json()["message"]


def test_a_uri_that_climbs_is_refused(site: Site, run_uri: str) -> None:
    answer = site.ask("GET", f"/api/v1/artifacts/content?uri={run_uri}/../..&path=x")
    assert answer.status == 400


@pytest.mark.parametrize("uri", ["runs:/missing", "models:/none/1", "models:/none@alias", "models:/m-" + "0" * 32])
def test_unknown_owners_are_not_found(site: Site, uri: str) -> None:
    assert site.ask("GET", f"/api/v1/artifacts?uri={uri}").status == 404


def test_a_missing_file_is_not_found(site: Site, run_uri: str) -> None:
    for path in ("none.txt", "plots", ""):
        assert site.ask("GET", f"/api/v1/artifacts/content?uri={run_uri}&path={path}").status == 404, path


@pytest.mark.parametrize("place", ["http://169.254.1.1/x", "https://localhost/x", "mlflow-artifacts://elsewhere/x"])
def test_no_experiment_leads_to_a_machine_that_a_client_names(site: Site, place: str) -> None:
    with pytest.raises(InvalidInput, match="artifact_location"):
        call(site, experiments.CREATE, experiments.CreateExperiment("x", artifact_location=place))
    for uri in (f"runs:/{_run_at(site, place)}", f"runs:/{_run_at(site, place)}/part"):
        for endpoint in ("/api/v1/artifacts", "/api/v1/artifacts/content"):
            assert site.ask("GET", f"{endpoint}?uri={uri}&path=passwd").status == 400


@pytest.mark.parametrize("place", ["file:///etc", "/etc"])
def test_no_experiment_opens_the_disk_outside_the_roots(site: Site, place: str) -> None:
    made = call(site, experiments.CREATE, experiments.CreateExperiment("x", artifact_location=place))
    run_id = site.services.tracking.runs.create(NewRun(made.experiment_id)).info.run_id
    for path in ("passwd", "../../passwd", ""):
        for endpoint in ("/api/v1/artifacts", "/api/v1/artifacts/content"):
            answer = site.ask("GET", f"{endpoint}?uri=runs:/{run_id}&path={path}")
            assert answer.status in {400, 403}, (endpoint, path)
            assert b"root:" not in answer.body


def _run_at(site: Site, place: str) -> str:
    """A run of an experiment that somebody created past the server."""
    found = [one for one in site.services.tracking.experiments.search(Query()).items if one.name == "past"]
    experiment = found[0] if found else site.services.tracking.experiments.create("past", place)
    return str(site.services.tracking.runs.create(NewRun(experiment.experiment_id)).info.run_id)
