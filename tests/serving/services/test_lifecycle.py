"""How services start and end, and how they depend on each other."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.core.errors import Conflict, InvalidInput, NotFound, NotSupported
from treering.core.variables import process_variables, set_variable
from treering.serving.hosting import Call
from treering.serving.services import dependencies
from treering.serving.services.finding import found_service, importing
from treering.serving.services.host import ServiceHost
from treering.serving.services.slots import Slot, once

NOTED: list[str] = []


@pytest.fixture(autouse=True)
def fresh() -> Any:
    NOTED.clear()
    dependencies.PROCESS.here.clear()
    yield
    dependencies.PROCESS.here.clear()
    dependencies.elsewhere({})


@treering.service
class Counter:
    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None

    @treering.on_deployment
    def once_for_all() -> None:
        NOTED.append("deployed")

    @treering.on_startup
    def begin(self) -> None:
        NOTED.append("began")

    @treering.on_startup
    async def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        NOTED.append("opened")

    @treering.on_shutdown
    async def end(self) -> None:
        assert asyncio.get_running_loop() is self.loop
        NOTED.append("ended")

    @treering.api
    async def same_loop(self) -> bool:
        return asyncio.get_running_loop() is self.loop

    @treering.api
    def twice(self, x: int) -> int:
        return 2 * x


@treering.service
class Front:
    counter = treering.depends(Counter)

    @treering.api
    def four_times(self, x: int) -> int:
        return self.counter.twice(self.counter.twice(x))

    @treering.api
    async def awaited(self, x: int) -> int:
        return await self.counter.to_async.twice(x)


def asked(host: ServiceHost, path: str, body: bytes = b"{}") -> bytes:
    route = next(one for one in host.offer().routes if one.path == path)
    (answer,) = host.answer(route, [Call(b"", b"application/json", body)])
    assert answer.status == 200, answer
    return answer.body


def test_hooks_run_in_their_order_and_on_the_loop_that_methods_use(tmp_path: Path) -> None:
    host = ServiceHost(Counter, {"session": str(tmp_path)})
    assert NOTED == ["deployed", "began", "opened"]
    assert asked(host, "/same_loop") == b"true"
    host.close()
    assert NOTED[-1] == "ended"


def test_what_is_done_once_is_not_done_by_a_worker_that_comes_later(tmp_path: Path) -> None:
    for _ in range(2):
        ServiceHost(Counter, {"session": str(tmp_path)}).close()
    assert NOTED.count("deployed") == 1
    assert NOTED.count("began") == 2


def test_a_service_calls_another_in_its_process(tmp_path: Path) -> None:
    host = ServiceHost(Front, {"session": str(tmp_path)})
    try:
        assert NOTED == ["deployed", "began", "opened"]
        assert asked(host, "/four_times", b'{"x": 3}') == b"12"
        assert asked(host, "/awaited", b'{"x": 3}') == b"6"
    finally:
        host.close()
    assert NOTED[-1] == "ended"


def test_an_instance_in_a_test_calls_the_other_too() -> None:
    assert Front().four_times(1) == 4


def test_a_service_calls_another_elsewhere(serve: Callable[..., str], tmp_path: Path) -> None:
    url = serve(Counter)
    NOTED.clear()
    host = ServiceHost(Front, {"session": str(tmp_path), "elsewhere": {}})
    host.close()
    Front.dependencies["counter"].forget()
    dependencies.PROCESS.here.clear()
    dependencies.elsewhere({"Counter": url})
    host = ServiceHost(Front, {"session": str(tmp_path)})
    try:
        assert asked(host, "/four_times", b'{"x": 3}') == b"12"
        assert asked(host, "/awaited", b'{"x": 3}') == b"6"
        # It runs there and not here.
        assert not dependencies.instances()
    finally:
        host.close()


def test_a_service_that_is_known_by_its_address_only_is_called(serve: Callable[..., str]) -> None:
    @treering.service
    class Far:
        counter = treering.depends(url=serve(Counter))

        @treering.api
        def ask(self) -> int:
            return self.counter.twice(x=4)

    assert Far().ask() == 8
    Far.dependencies["counter"].forget()


def test_dependencies_are_services_and_have_names_of_their_own() -> None:
    with pytest.raises(InvalidInput, match="no service"):
        treering.depends(int)
    with pytest.raises(InvalidInput, match="names a service or its address"):
        treering.depends()
    with pytest.raises(NotSupported, match="BentoCloud"):
        treering.depends(deployment="iris")

    other = treering.service(name="Counter")(type("Other", (), {}))

    @treering.service
    class Both:
        one = treering.depends(Counter)
        two = treering.depends(other)

    with pytest.raises(Conflict, match="called Counter"):
        Both.all_services()


def test_a_start_that_fails_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    @treering.service
    class Broken:
        @treering.on_startup
        def begin(self) -> None:
            msg = "no model"
            raise RuntimeError(msg)

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="no model"):
        ServiceHost(Broken, {"session": str(tmp_path)})
    assert threading.active_count() == before


def test_a_service_with_a_command_of_its_own_is_refused(tmp_path: Path) -> None:
    wrapped = treering.service(cmd=["vllm", "serve"])(type("Wrapped", (), {}))
    with pytest.raises(NotSupported, match="command of its own"):
        ServiceHost(wrapped, {"session": str(tmp_path)})


def test_graphics_processors_are_shown_as_they_are_asked_for(tmp_path: Path) -> None:
    set_variable("CUDA_VISIBLE_DEVICES", "")
    try:
        asking = treering.service(resources={"gpu": 2})(type("Asking", (), {}))
        ServiceHost(asking, {"session": str(tmp_path)}).close()
        assert process_variables()["CUDA_VISIBLE_DEVICES"] == "0,1"
        set_variable("CUDA_VISIBLE_DEVICES", "7")
        ServiceHost(asking, {"session": str(tmp_path)}).close()
        assert process_variables()["CUDA_VISIBLE_DEVICES"] == "7"
    finally:
        set_variable("CUDA_VISIBLE_DEVICES", "")


def test_workers_have_numbers_and_a_new_one_takes_that_of_one_that_ended(tmp_path: Path) -> None:
    first, second = Slot(tmp_path), Slot(tmp_path)
    assert (first.number, second.number) == (1, 2)
    first.close()
    third = Slot(tmp_path)
    assert third.number == 1
    second.close()
    third.close()


def test_what_is_to_be_done_once_is_done_again_if_it_failed(tmp_path: Path) -> None:
    done: list[int] = []

    def fail() -> None:
        msg = "not yet"
        raise OSError(msg)

    with pytest.raises(OSError, match="not yet"):
        once(tmp_path, "x", fail)
    threads = [threading.Thread(target=once, args=(tmp_path, "x", lambda: done.append(1))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert done == [1]


SERVICES = """
import treering

@treering.service
class Inner:
    @treering.api
    def f(self) -> int: return 1

@treering.service
class Outer:
    inner = treering.depends(Inner)
"""


def test_a_service_is_found_by_its_module_file_or_folder(module: Any, tmp_path: Path) -> None:
    folder = module("found_services", SERVICES)
    assert found_service("found_services:Inner", folder).name == "Inner"
    assert found_service("found_services", folder).name == "Outer"
    assert found_service("found_services.py:Outer", folder).name == "Outer"
    (folder / "bentofile.yaml").write_text("service: 'found_services:Inner'\n")
    assert found_service(".", folder).name == "Inner"
    assert found_service(str(folder), "/").name == "Inner"
    with pytest.raises(NotFound, match=r"no service 'Nope'\. Services there: Inner, Outer"):
        found_service("found_services:Nope", folder)
    with pytest.raises(NotFound, match="no module 'nowhere'"):
        found_service("nowhere:S", folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match=r"neither a bentofile\.yaml"):
        found_service("empty", tmp_path)


def test_several_services_want_a_name(module: Any) -> None:
    folder = module("two_services", SERVICES.replace("inner = treering.depends(Inner)", "pass"))
    with pytest.raises(InvalidInput, match="two_services:Inner"):
        found_service("two_services", folder)


def test_an_import_that_only_the_server_needs_may_fail(tmp_path: Path) -> None:
    program = (
        "import treering\nwith treering.importing():\n    import no_such_package\n"
        "try:\n    no_such_package.thing\nexcept treering.errors.NotFound as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "pip install no_such_package" in done.stdout
    assert importing
