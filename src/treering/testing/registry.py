"""What the model registry must do, near and far: subclass `RegistrySuite` and give it its two fixtures.

The suites make models of their own and look at nothing else, so that one store or
server may serve all tests. A fixture of the whole module is enough.
"""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from treering.core.clock import now
from treering.core.errors import AlreadyExists, InvalidInput, NotFound
from treering.core.uri import join
from treering.entities.lifecycle import ModelVersionStatus
from treering.entities.model import LoggedModel
from treering.entities.page import Query
from treering.entities.run import LogBatch, ModelOutput, NewRun, RunInfo
from treering.registry.base import ModelRegistry, NewModelVersion
from treering.registry.locate import locate
from treering.testing.governance import GovernanceSuite
from treering.testing.webhooks import WebhooksSuite
from treering.tracking.base import NewLoggedModel, Tracking

__all__ = ["LocateSuite", "ModelVersionsSuite", "RegisteredModelsSuite", "RegistrySuite", "SourcesSuite"]

_UNKNOWN = "f" * 32
_SOURCE = "s3://bucket/model"


def _name() -> str:
    return f"suite-{uuid.uuid4().hex}"


def _registered(registry: ModelRegistry, versions: int = 0) -> str:
    name = registry.models.create(_name()).name
    for _ in range(versions):
        registry.versions.create(NewModelVersion(name, _SOURCE))
    return name


def _run(tracking: Tracking, location: str = "") -> RunInfo:
    experiment = tracking.experiments.create(_name(), location)
    return tracking.runs.create(NewRun(experiment.experiment_id)).info


def _logged(tracking: Tracking, run: RunInfo, name: str, step: int = 0) -> LoggedModel:
    model = tracking.models.create(NewLoggedModel(run.experiment_id, name, source_run_id=run.run_id))
    tracking.runs.log([LogBatch(run.run_id, model_outputs=[ModelOutput(model.model_id, step)])])
    return model


class RegisteredModelsSuite:
    """The promises of `treering.registry.base.RegisteredModels`."""

    def test_what_was_registered_is_found(self, registry: ModelRegistry) -> None:
        """With description and tags, and nothing else yet."""
        name, before = _name(), now()
        registry.models.create(name, "finds trees", {"a": "b"})
        model = registry.models.get(name)
        assert (model.name, model.description, dict(model.tags)) == (name, "finds trees", {"a": "b"})
        assert before - 60_000 <= model.creation_time <= model.last_update_time
        assert (dict(model.aliases), list(model.latest_versions)) == ({}, [])

    def test_nul_is_refused(self, registry: ModelRegistry) -> None:
        """By every store alike, though some could keep it."""
        name = _registered(registry, 1)
        for act in (
            lambda: registry.models.create(f"{_name()}\0"),
            lambda: registry.models.create(_name(), "a\0"),
            lambda: registry.models.update(name, "a\0"),
            lambda: registry.models.set_tags(name, {"a\0": "b"}),
            lambda: registry.models.set_tags(name, {"a": "b\0"}),
            lambda: registry.versions.update(name, 1, "a\0"),
            lambda: registry.versions.create(NewModelVersion(name, _SOURCE, description="a\0")),
        ):
            with pytest.raises(InvalidInput, match="NUL"):
                act()

    def test_a_name_is_taken_once(self, registry: ModelRegistry) -> None:
        """Until the model is deleted."""
        name = _registered(registry)
        with pytest.raises(AlreadyExists, match=name):
            registry.models.create(name)
        registry.models.delete(name)
        assert registry.models.create(name).name == name

    @pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", "n" * 257])
    def test_a_name_that_cannot_be(self, registry: ModelRegistry, name: str) -> None:
        """For a new model and for a renamed one."""
        with pytest.raises(InvalidInput):
            registry.models.create(name)
        with pytest.raises(InvalidInput):
            registry.models.rename(_registered(registry), name)

    def test_an_unknown_name(self, registry: ModelRegistry) -> None:
        """Is not found, whatever is asked."""
        name = _name()
        for ask in (
            lambda: registry.models.get(name),
            lambda: registry.models.rename(name, _name()),
            lambda: registry.models.update(name, "x"),
            lambda: registry.models.delete(name),
            lambda: registry.models.set_tags(name, {"a": "b"}),
            lambda: registry.models.delete_tag(name, "a"),
            lambda: registry.models.set_alias(name, "champion", 1),
            lambda: registry.models.delete_alias(name, "champion"),
            lambda: registry.versions.create(NewModelVersion(name, _SOURCE)),
            lambda: registry.versions.get(name, 1),
            lambda: registry.versions.get_by_alias(name, "champion"),
            lambda: registry.versions.get_by_alias(name, "latest"),
            lambda: registry.versions.latest(name),
        ):
            with pytest.raises(NotFound, match=name):
                ask()

    def test_renaming_moves_everything_along(self, registry: ModelRegistry) -> None:
        """Versions, tags and aliases; the old name is free, a taken one refused."""
        old, new = _registered(registry, 2), _name()
        registry.models.set_tags(old, {"a": "b"})
        registry.models.set_alias(old, "champion", 2)
        registry.versions.set_tags(old, 1, {"c": "d"})
        assert registry.models.rename(old, new).name == new
        model = registry.models.get(new)
        assert (dict(model.tags), dict(model.aliases)) == ({"a": "b"}, {"champion": 2})
        assert dict(registry.versions.get(new, 1).tags) == {"c": "d"}
        assert registry.versions.get_by_alias(new, "champion").version == 2
        with pytest.raises(NotFound):
            registry.models.get(old)
        with pytest.raises(AlreadyExists):
            registry.models.rename(_registered(registry), new)

    def test_the_description_changes(self, registry: ModelRegistry) -> None:
        """And can be cleared."""
        name = _registered(registry)
        assert registry.models.update(name, "new").description == "new"
        registry.models.update(name, "")
        assert registry.models.get(name).description == ""

    def test_deletion_takes_the_versions_along(self, registry: ModelRegistry) -> None:
        """A model made anew under the name starts without them."""
        name = _registered(registry, 2)
        registry.models.set_alias(name, "champion", 1)
        registry.models.delete(name)
        registry.models.create(name)
        assert dict(registry.models.get(name).aliases) == {}
        assert list(registry.versions.latest(name)) == []
        with pytest.raises(NotFound):
            registry.versions.get(name, 1)

    def test_tags_of_a_model(self, registry: ModelRegistry) -> None:
        """Are added, changed and removed; removing one that is not there is no error."""
        name = _registered(registry)
        registry.models.set_tags(name, {"a": "1", "b": "2"})
        registry.models.set_tags(name, {"b": "3"})
        for _ in range(2):
            registry.models.delete_tag(name, "a")
        assert dict(registry.models.get(name).tags) == {"b": "3"}
        for tags in ({"": "v"}, {"k" * 251: "v"}, {"k": "v" * 100_001}):
            with pytest.raises(InvalidInput):
                registry.models.set_tags(name, tags)

    def test_an_alias_points_at_one_version(self, registry: ModelRegistry) -> None:
        """Set again it moves; a version may have several."""
        name = _registered(registry, 2)
        registry.models.set_alias(name, "champion", 1)
        registry.models.set_alias(name, "champion", 2)
        registry.models.set_alias(name, "best-of_3", 2)
        assert dict(registry.models.get(name).aliases) == {"champion": 2, "best-of_3": 2}
        assert sorted(registry.versions.get(name, 2).aliases) == ["best-of_3", "champion"]
        assert list(registry.versions.get(name, 1).aliases) == []
        for _ in range(2):
            registry.models.delete_alias(name, "champion")
        with pytest.raises(NotFound, match="champion"):
            registry.versions.get_by_alias(name, "champion")
        with pytest.raises(NotFound):
            registry.models.set_alias(name, "champion", 3)

    @pytest.mark.parametrize("alias", ["", "latest", "LATEST", "v1", "V20", "a b", "a/b", "a@b", "a" * 256])
    def test_an_alias_that_cannot_be(self, registry: ModelRegistry, alias: str) -> None:
        """Reserved words and signs that a URI could not hold."""
        with pytest.raises(InvalidInput):
            registry.models.set_alias(_registered(registry, 1), alias, 1)

    def test_models_in_pages(self, registry: ModelRegistry) -> None:
        """By name, each once, though others are registered in between."""
        prefix = _name()
        names = [registry.models.create(f"{prefix}-{letter}").name for letter in "cadbe"]
        page = registry.models.search(Query(f"name LIKE '{prefix}%'", max_results=2, with_total=True))
        assert page.total == 5
        seen = [model.name for model in page.items]
        registry.models.create(f"{prefix}-a0")
        while page.next_token:
            query = Query(f"name LIKE '{prefix}%'", max_results=2, page_token=page.next_token)
            page = registry.models.search(query)
            seen += [model.name for model in page.items]
        assert seen == sorted(names)

    @pytest.mark.parametrize(
        "query", [Query("name ="), Query("nonsense = 'x'"), Query(order_by=["nonsense"]), Query(max_results=0)]
    )
    def test_a_search_for_models_that_cannot_be(self, registry: ModelRegistry, query: Query) -> None:
        """Is refused; for versions as well."""
        with pytest.raises(InvalidInput):
            registry.models.search(query)
        with pytest.raises(InvalidInput):
            registry.versions.search(query)


class ModelVersionsSuite:
    """The promises of `treering.registry.base.ModelVersions`."""

    def test_what_is_given_is_kept(self, registry: ModelRegistry) -> None:
        """And the version is ready at once, in no stage."""
        name = _registered(registry)
        new = NewModelVersion(name, _SOURCE, "r1", "http://x/r1", "", "first", "ada", {"a": "b"})
        assert registry.versions.create(new).version == 1
        version = registry.versions.get(name, 1)
        assert (version.name, version.source, version.storage_uri) == (name, _SOURCE, _SOURCE)
        assert (version.run_id, version.run_link, version.description) == ("r1", "http://x/r1", "first")
        assert (version.user_id, dict(version.tags), list(version.aliases)) == ("ada", {"a": "b"}, [])
        assert (version.status, version.stage) == (ModelVersionStatus.READY, "None")

    def test_numbers_are_never_used_again(self, registry: ModelRegistry) -> None:
        """Not even that of the newest."""
        name = _registered(registry, 3)
        for number in (3, 1):
            registry.versions.delete(name, number)
        assert registry.versions.create(NewModelVersion(name, _SOURCE)).version == 4
        with pytest.raises(NotFound):
            registry.versions.get(name, 3)

    def test_many_threads_get_different_numbers(self, registry: ModelRegistry) -> None:
        """Two versions never share one."""
        name = _registered(registry)
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda _: registry.versions.create(NewModelVersion(name, _SOURCE)), range(8)))
        assert sorted(version.version for version in made) == list(range(1, 9))

    def test_an_unknown_version(self, registry: ModelRegistry) -> None:
        """Is not found, whatever is asked."""
        name = _registered(registry, 1)
        for ask in (
            lambda: registry.versions.get(name, 2),
            lambda: registry.versions.update(name, 2, "x"),
            lambda: registry.versions.transition(name, 2, "Staging"),
            lambda: registry.versions.delete(name, 2),
            lambda: registry.versions.set_tags(name, 2, {"a": "b"}),
            lambda: registry.versions.delete_tag(name, 2, "a"),
        ):
            with pytest.raises(NotFound):
                ask()
        with pytest.raises(InvalidInput):
            registry.versions.get(name, 0)

    def test_latest_is_the_highest(self, registry: ModelRegistry) -> None:
        """In any case, and whatever its stage."""
        name = _registered(registry, 3)
        registry.versions.transition(name, 3, "Archived")
        for alias in ("latest", "Latest"):
            assert registry.versions.get_by_alias(name, alias).version == 3
        with pytest.raises(NotFound):
            registry.versions.get_by_alias(_registered(registry), "latest")

    def test_description_and_tags_of_a_version(self, registry: ModelRegistry) -> None:
        """Change; removing a tag that is not there is no error."""
        name = _registered(registry, 1)
        assert registry.versions.update(name, 1, "new").description == "new"
        registry.versions.set_tags(name, 1, {"a": "1", "b": "2"})
        registry.versions.set_tags(name, 1, {"b": "3"})
        for _ in range(2):
            registry.versions.delete_tag(name, 1, "a")
        version = registry.versions.get(name, 1)
        assert (version.description, dict(version.tags)) == ("new", {"b": "3"})
        with pytest.raises(InvalidInput):
            registry.versions.set_tags(name, 1, {"k" * 251: "v"})

    def test_stages(self, registry: ModelRegistry) -> None:
        """The newest of each stage is known; others can be archived when one takes their place."""
        name = _registered(registry, 4)
        for number, stage in ((1, "production"), (2, "Production"), (3, "STAGING")):
            assert registry.versions.transition(name, number, stage).stage == stage.capitalize()
        newest = {version.stage: version.version for version in registry.versions.latest(name)}
        assert newest == {"None": 4, "Production": 2, "Staging": 3}
        embedded = {version.stage: version.version for version in registry.models.get(name).latest_versions}
        assert embedded == newest
        assert [version.version for version in registry.versions.latest(name, ["production"])] == [2]
        registry.versions.transition(name, 4, "Production", archive_existing=True)
        assert [registry.versions.get(name, number).stage for number in (1, 2, 3, 4)] == [
            "Archived",
            "Archived",
            "Staging",
            "Production",
        ]

    def test_a_stage_that_cannot_be(self, registry: ModelRegistry) -> None:
        """An unknown one; and the unused stages archive no others."""
        name = _registered(registry, 1)
        with pytest.raises(InvalidInput, match="Staging, Production"):
            registry.versions.transition(name, 1, "Best")
        with pytest.raises(InvalidInput):
            registry.versions.latest(name, ["Best"])
        with pytest.raises(InvalidInput):
            registry.versions.transition(name, 1, "Archived", archive_existing=True)

    def test_deleting_a_version_frees_its_aliases(self, registry: ModelRegistry) -> None:
        """They point nowhere then."""
        name = _registered(registry, 2)
        registry.models.set_alias(name, "champion", 2)
        registry.versions.delete(name, 2)
        assert dict(registry.models.get(name).aliases) == {}
        assert registry.versions.get_by_alias(name, "latest").version == 1

    def test_versions_in_pages(self, registry: ModelRegistry) -> None:
        """Of one name, last changed first; each once."""
        name = _registered(registry, 5)
        page = registry.versions.search(Query(f"name = '{name}'", max_results=2, with_total=True))
        assert page.total == 5
        seen = list(page.items)
        while page.next_token:
            page = registry.versions.search(Query(f"name = '{name}'", max_results=2, page_token=page.next_token))
            seen += page.items
        assert sorted(version.version for version in seen) == [1, 2, 3, 4, 5]
        times = [version.last_update_time for version in seen]
        assert times == sorted(times, reverse=True)

    def test_versions_by_what_they_are(self, registry: ModelRegistry) -> None:
        """By name, run, number and tags; with their aliases."""
        name, run_id = _registered(registry, 1), uuid.uuid4().hex
        registry.versions.create(NewModelVersion(name, _SOURCE, run_id, tags={"a": "b"}))
        registry.models.set_alias(name, "champion", 2)
        for text in (
            f"run_id = '{run_id}'",
            f"name = '{name}' AND version_number > 1",
            f"name = '{name}' AND tags.a = 'b'",
        ):
            (found,) = registry.versions.search(Query(text)).items
            assert (found.name, found.version, list(found.aliases)) == (name, 2, ["champion"]), text


class SourcesSuite:
    """What `ModelVersions.create` promises of sources."""

    def test_a_logged_model(self, registry: ModelRegistry, tracking: Tracking) -> None:
        """Fills in the run and the place, and hears of it once for each version."""
        run = _run(tracking)
        model = _logged(tracking, run, "tree")
        name = _registered(registry)
        for number in (1, 2):
            version = registry.versions.create(NewModelVersion(name, f"models:/{model.model_id}"))
            assert (version.version, version.run_id, version.model_id) == (number, run.run_id, model.model_id)
            assert version.storage_uri == model.artifact_uri
        found = tracking.models.get(model.model_id)
        assert [(place, int(number)) for place, number in found.registrations] == [(name, 1), (name, 2)]
        noted = json.loads(found.tags["mlflow.modelVersions"])
        assert [(entry["name"], int(entry["version"])) for entry in noted] == [(name, 1), (name, 2)]
        with pytest.raises(InvalidInput):
            registry.versions.create(NewModelVersion(name, f"models:/{model.model_id}", model_id=f"m-{_UNKNOWN}"))

    def test_a_path_in_a_run(self, registry: ModelRegistry, tracking: Tracking) -> None:
        """Is a logged model of that name, else lies among the run's artifacts; the run must be the given one."""
        run = _run(tracking)
        name = _registered(registry)
        version = registry.versions.create(NewModelVersion(name, f"runs:/{run.run_id}/tree"))
        assert (version.run_id, version.model_id) == (run.run_id, "")
        assert version.storage_uri == join(run.artifact_uri, "tree")
        model = _logged(tracking, run, "tree")
        version = registry.versions.create(NewModelVersion(name, f"runs:/{run.run_id}/tree", run.run_id))
        assert (version.model_id, version.storage_uri) == (model.model_id, model.artifact_uri)
        assert version.source == f"runs:/{run.run_id}/tree"
        with pytest.raises(InvalidInput, match="another run"):
            registry.versions.create(NewModelVersion(name, f"runs:/{run.run_id}/tree", _UNKNOWN))

    def test_another_version(self, registry: ModelRegistry) -> None:
        """Is registered again with its place and its run."""
        first, second = _registered(registry), _registered(registry)
        registry.versions.create(NewModelVersion(first, _SOURCE, "r1"))
        registry.models.set_alias(first, "champion", 1)
        for source in (f"models:/{first}/1", f"models:/{first}@champion"):
            version = registry.versions.create(NewModelVersion(second, source))
            assert (version.source, version.storage_uri, version.run_id) == (source, _SOURCE, "r1")

    @pytest.mark.parametrize("root", ["file:///srv/artifacts", "mlflow-artifacts:/x"])
    def test_a_path_on_the_server(self, registry: ModelRegistry, tracking: Tracking, root: str) -> None:
        """Is taken only inside the artifacts of the given run, or of the given or a written model."""
        run = _run(tracking, root)
        model, other = _logged(tracking, run, "tree"), _run(tracking, root)
        name = _registered(registry)
        inside = join(run.artifact_uri, "model")
        assert registry.versions.create(NewModelVersion(name, inside, run.run_id)).storage_uri == inside
        for run_id, model_id in ((run.run_id, ""), ("", model.model_id)):
            new = NewModelVersion(name, model.artifact_uri, run_id, model_id=model_id)
            assert registry.versions.create(new).storage_uri == model.artifact_uri
        for source, run_id in (
            (inside, ""),
            (inside, other.run_id),
            (root, run.run_id),
            (run.artifact_uri + "-more/model", run.run_id),
            (join(run.artifact_uri, "../../x"), run.run_id),
            (join(run.artifact_uri, "%2e%2e/%2e%2e/x"), run.run_id),
            (join(run.artifact_uri, "%252e%252e/x"), run.run_id),
            ("/etc", run.run_id),
            ("file:///etc", run.run_id),
            ("file:/etc/passwd", ""),
            ("mlflow-artifacts:/", run.run_id),
            ("mlflow-artifacts://elsewhere/x", run.run_id),
            ("mlflow-artifacts:/other/model", ""),
        ):
            # A server may refuse an address before the registry looks at it.
            with pytest.raises(InvalidInput, match=r"Invalid .*source"):
                registry.versions.create(NewModelVersion(name, source, run_id))
        assert len(registry.versions.search(Query(f"name = '{name}'")).items) == 3

    def test_a_source_that_cannot_be(self, registry: ModelRegistry) -> None:
        """Empty, malformed, or climbing."""
        name = _registered(registry)
        for source in ("", "runs:/", "models:/", "models:/a", "s3://bucket/a/../b", "s3://bucket/%2e%2e/b"):
            with pytest.raises(InvalidInput):
                registry.versions.create(NewModelVersion(name, source))

    def test_a_source_that_does_not_exist(self, registry: ModelRegistry) -> None:
        """No run, no model, no version."""
        name = _registered(registry, 1)
        for source in (f"runs:/{_UNKNOWN}/m", f"models:/m-{_UNKNOWN}", f"models:/{name}/9", f"models:/{name}@nobody"):
            with pytest.raises(NotFound):
                registry.versions.create(NewModelVersion(name, source))


class LocateSuite:
    """The promises of `treering.registry.locate.locate`."""

    def test_every_form_of_a_version(self, registry: ModelRegistry, tracking: Tracking) -> None:
        """Number, alias, stage and latest, with a path behind."""
        name = _registered(registry)
        for number in (1, 2, 3):
            registry.versions.create(NewModelVersion(name, f"s3://bucket/{number}"))
        registry.models.set_alias(name, "champion", 2)
        registry.versions.transition(name, 1, "Production")
        for which, number in (("/3", 3), ("@champion", 2), ("/Production", 1), ("/production", 1), ("/latest", 3)):
            assert locate(f"models:/{name}{which}", tracking, registry) == f"s3://bucket/{number}"
            assert locate(f"models:/{name}{which}/MLmodel", tracking, registry) == f"s3://bucket/{number}/MLmodel"
        for missing in ("/4", "@nobody", "/Staging"):
            with pytest.raises(NotFound):
                locate(f"models:/{name}{missing}", tracking, registry)

    def test_a_model_by_its_id(self, registry: ModelRegistry, tracking: Tracking) -> None:
        """Lies where it was logged."""
        model = _logged(tracking, _run(tracking), "tree")
        assert locate(f"models:/{model.model_id}", tracking, registry) == model.artifact_uri
        assert locate(f"models:/{model.model_id}/a/b", tracking, registry) == join(model.artifact_uri, "a/b")
        with pytest.raises(NotFound):
            locate(f"models:/m-{_UNKNOWN}", tracking, registry)

    def test_a_path_of_a_run(self, registry: ModelRegistry, tracking: Tracking) -> None:
        """Among its artifacts, unless it wrote a model of that name; of several that of the greatest step."""
        run = _run(tracking)
        base = f"runs:/{run.run_id}"
        assert locate(base, tracking, registry) == run.artifact_uri
        assert locate(f"{base}/plots/a.png", tracking, registry) == join(run.artifact_uri, "plots/a.png")
        _logged(tracking, run, "tree", 1)
        best = _logged(tracking, run, "tree", 7)
        _logged(tracking, run, "tree", 3)
        assert locate(f"{base}/tree", tracking, registry) == best.artifact_uri
        assert locate(f"{base}/tree/MLmodel", tracking, registry) == join(best.artifact_uri, "MLmodel")
        assert locate(f"{base}/tre", tracking, registry) == join(run.artifact_uri, "tre")
        assert locate(f"{base}/it's/x", tracking, registry) == join(run.artifact_uri, "it's/x")
        own = locate(f"{base}/tree/x", tracking, registry, exists=lambda uri: uri.startswith(run.artifact_uri))
        assert own == join(run.artifact_uri, "tree/x")
        with pytest.raises(NotFound):
            locate(f"runs:/{_UNKNOWN}/tree", tracking, registry)

    @pytest.mark.parametrize("uri", ["s3://bucket/x", "/srv/x", "file:///srv/x", "mlflow-artifacts:/1/x", "x/y"])
    def test_what_lies_in_a_store_stays(self, registry: ModelRegistry, tracking: Tracking, uri: str) -> None:
        """Such a URI is returned as it is."""
        assert locate(uri, tracking, registry) == uri

    @pytest.mark.parametrize("uri", ["runs:/", "models:/", "models:/name", "models:", "runs:x"])
    def test_a_malformed_uri(self, registry: ModelRegistry, tracking: Tracking, uri: str) -> None:
        """Is refused with the forms that are known."""
        with pytest.raises(InvalidInput, match="Malformed URI"):
            locate(uri, tracking, registry)


class RegistrySuite(
    RegisteredModelsSuite, ModelVersionsSuite, SourcesSuite, LocateSuite, WebhooksSuite, GovernanceSuite
):
    """All promises of `treering.registry`.

    A subclass provides the fixtures `registry` and `tracking`, of any scope; the
    registry knows the runs and logged models of that tracking.
    """
