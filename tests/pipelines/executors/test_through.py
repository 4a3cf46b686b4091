from __future__ import annotations

from pathlib import Path

import pytest

from treering.core.errors import InvalidInput
from treering.pipelines.executors import EXECUTORS, Executor
from treering.testing.executors import Caught, ExecutorSuite


class TestThroughExecutor(ExecutorSuite):
    # A program that runs what stands behind its own words, as those of clusters and containers do.
    settings = {"executor": "through", "through": "env PLACE=there"}  # noqa: RUF012 - as the suite has it

    @pytest.fixture
    def executor(self) -> Executor:
        return EXECUTORS.load("through")()

    def test_it_is_the_program_that_runs_it(self, executor: Executor, tmp_path: Path) -> None:
        caught = Caught()
        assert executor.run(self.command(tmp_path, "echo $PLACE", output=caught)) == 0
        assert caught.out == b"there\n"

    def test_the_words_of_the_program_know_folder_and_variables(self, executor: Executor, tmp_path: Path) -> None:
        self.settings = {"through": 'env PLACE="$PWD:$DVC_ROOT"'}
        caught = Caught()
        executor.run(self.command(tmp_path, "echo $PLACE", output=caught, environ={"DVC_ROOT": "/top/of"}))
        assert caught.out.decode() == f"{tmp_path}:/top/of\n"

    @pytest.mark.parametrize("through", [None, "", ["srun"]])
    def test_a_stage_that_does_not_say_through_what_is_told(
        self, executor: Executor, tmp_path: Path, through: object
    ) -> None:
        self.settings = {"through": through}
        with pytest.raises(InvalidInput, match=r"'stage'.*meta\.treering\.through"):
            executor.run(self.command(tmp_path, "true"))
