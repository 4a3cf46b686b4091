"""What tracking must do with saved views."""

from __future__ import annotations

import pytest

from treering.core.errors import InvalidInput, NotFound
from treering.entities.view import NewView, ViewChanges
from treering.testing.tracking.given import UNKNOWN, new_experiment, new_name
from treering.tracking.base import Tracking

__all__ = ["ViewsSuite"]


class ViewsSuite:
    """Needs a fixture `tracking`."""

    def test_a_view_is_kept(self, tracking: Tracking) -> None:
        experiment = new_experiment(tracking)
        search = "q=metrics.`val/loss` < 0.6&cols=a,b%2Cc&name=\u00fc"
        made = tracking.views.create(NewView("Best of May", search, experiment, is_default=True))
        assert (made.name, made.search, made.experiment_id) == ("Best of May", search, experiment)
        assert (made.page, made.is_default, made.created) == ("workspace", True, made.updated)
        assert tracking.views.get(made.view_id) == made
        assert made in tracking.views.list(experiment)
        assert made in tracking.views.list(experiment, "workspace")
        assert made not in tracking.views.list(experiment, "compare")
        changed = tracking.views.update(made.view_id, ViewChanges(name="Best", is_default=False))
        assert (changed.name, changed.search, changed.is_default) == ("Best", search, False)
        assert tracking.views.get(made.view_id) == changed
        tracking.views.delete(made.view_id)
        assert made.view_id not in [view.view_id for view in tracking.views.list(experiment)]
        with pytest.raises(NotFound, match=made.view_id):
            tracking.views.get(made.view_id)

    def test_a_view_for_all_experiments_is_seen_in_each(self, tracking: Tracking) -> None:
        own = tracking.views.create(NewView(new_name(), page="compare"))
        seen = tracking.views.list(new_experiment(tracking), "compare")
        assert own in seen
        tracking.views.delete(own.view_id)

    def test_a_second_default_takes_the_place_of_the_first(self, tracking: Tracking) -> None:
        experiment = new_experiment(tracking)
        first, second = (
            tracking.views.create(NewView(name, "", experiment, is_default=True)) for name in ("first", "second")
        )
        assert [view.name for view in tracking.views.list(experiment, "workspace") if view.is_default] == ["second"]
        tracking.views.update(first.view_id, ViewChanges(is_default=True))
        assert not tracking.views.get(second.view_id).is_default

    def test_limits_of_a_view(self, tracking: Tracking) -> None:
        kept = tracking.views.create(NewView("n" * 200, "s" * 20_000, new_experiment(tracking)))
        for name in ("", "  ", "n" * 201):
            with pytest.raises(InvalidInput, match="1 to 200 characters"):
                tracking.views.create(NewView(name))
            with pytest.raises(InvalidInput, match="1 to 200 characters"):
                tracking.views.update(kept.view_id, ViewChanges(name=name))
        with pytest.raises(InvalidInput, match="page"):
            tracking.views.create(NewView("a", page=""))
        with pytest.raises(InvalidInput, match="20,000 characters; this one has 20,001"):
            tracking.views.create(NewView("a", "s" * 20_001))
        with pytest.raises(InvalidInput, match="20,000 characters; this one has 20,001"):
            tracking.views.update(kept.view_id, ViewChanges(search="s" * 20_001))
        with pytest.raises(InvalidInput, match="NUL"):
            tracking.views.create(NewView("a\0b"))

    def test_views_need_their_experiment(self, tracking: Tracking) -> None:
        with pytest.raises(NotFound):
            tracking.views.create(NewView("a", "", UNKNOWN))
        experiment = new_experiment(tracking)
        made = tracking.views.create(NewView("a", "", experiment))
        tracking.experiments.delete(experiment)
        with pytest.raises(NotFound):
            tracking.views.get(made.view_id)
        with pytest.raises(InvalidInput, match="deleted"):
            tracking.views.create(NewView("b", "", experiment))
        tracking.experiments.restore(experiment)
        assert tracking.views.get(made.view_id) == made
