"""`treering registry` and `treering webhooks` as they are called: promotions, approvals, rollback, history, messages."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import treering
from treering.cli.main import main
from treering.client import session as session_module
from treering.client.connect import connect
from treering.client.session import Session
from treering.core.errors import Conflict, InvalidInput
from treering.core.settings import read_settings
from treering.entities.evaluation import Evaluation
from treering.entities.governance import ApprovalRule, PromotionState
from treering.entities.metric import Metric
from treering.entities.run import LogBatch, NewRun
from treering.evaluation.record import RECORD_PATH, to_json
from treering.registry.base import NewModelVersion

MLMODEL = """
artifact_path: model
flavors: {python_function: {loader_module: x}}
model_uuid: a
signature:
  inputs: '[{"type": "double", "name": "age", "required": true}%s]'
  outputs: '[{"type": "long", "required": true}]'
"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TREERING_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TREERING_USER", "ann")
    # The calls of Python keep what they opened; that of another test is in another home.
    session = Session(read_settings(), tmp_path)
    monkeypatch.setattr(session_module._Process, "session", session)
    yield
    session.close()


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    said = capsys.readouterr()
    assert caught.value.code == status, said.err
    return said.err if status and said.err else said.out


def registered() -> None:
    services = connect(read_settings())
    services.registry.models.create("m")
    for number, extra in (("1", ""), ("2", ', {"type": "string", "name": "job", "required": false}')):
        info = services.tracking.runs.create(NewRun("0")).info
        services.tracking.runs.log([LogBatch(info.run_id, params={"depth": number, "seed": "7"})])
        store = services.open_artifacts(info.artifact_uri)
        store.write("model/MLmodel", [(MLMODEL % extra).encode()])
        store.write("model/requirements.txt", [f"numpy==1.{number}\npandas\n# a note\n".encode()])
        services.registry.versions.create(NewModelVersion("m", f"runs:/{info.run_id}/model", info.run_id))
    services.close()


def test_a_version_is_promoted_by_two_people_and_rolled_back(capsys: pytest.CaptureFixture[str]) -> None:
    registered()
    assert "m version 1 is alias:champion now." in printed(capsys, "registry", "promote", "m", "1", "@champion")
    said = printed(
        capsys, "registry", "rules", "set", "alias:champion", "--model", "m", "--check", "gate", "-m", "it pays"
    )
    assert said == "alias:champion of m is guarded now.\n"
    assert "gate" in printed(capsys, "registry", "rules", "list", "m")
    assert "treering registry promote" in printed(capsys, "registry", "alias", "m", "champion", "2", status=1)
    asked = json.loads(printed(capsys, "registry", "promote", "m", "2", "@champion", "-m", "better", "--json"))
    assert asked["state"] == "PENDING"
    assert "the check 'gate', which was not run" in printed(capsys, "registry", "promotions", "--state", "pending")
    one = asked["promotion_id"]
    assert "may not approve" in printed(capsys, "registry", "approve", one, status=1)
    assert "Missing: the check 'gate'" in printed(capsys, "registry", "approve", one, "--user", "bob", "-m", "fine")
    printed(capsys, "registry", "check", "m", "2", "gate", "--passed", "-m", "0.93 >= 0.9")
    assert "passed" in printed(capsys, "registry", "checks", "m", "2")
    assert "champion" in printed(capsys, "registry", "show", "m")
    assert "DONE" in printed(capsys, "registry", "promotions", "m")
    said = printed(capsys, "registry", "rollback", "m", "@champion", "-m", "it leaks", "--user", "cy")
    assert said == "@champion of m belongs to version 1 again.\n"
    told = json.loads(printed(capsys, "registry", "history", "m", "--json"))
    assert [(event["user"], event["action"], event["reason"]) for event in told[:2]] == [
        ("cy", "rolled_back", "it leaks"), ("ann", "promotion.done", "0.93 >= 0.9"),
    ]  # fmt: skip
    assert "it leaks" in printed(capsys, "registry", "history")
    printed(capsys, "registry", "rules", "remove", "alias:champion", "--model", "m")
    said = printed(capsys, "registry", "promote", "m", "2", "@champion", "--replacing", "2", status=1)
    assert "was expected to belong to version 2, and belongs to version 1 by now" in said


def test_promotions_are_rejected_and_withdrawn(capsys: pytest.CaptureFixture[str]) -> None:
    registered()
    printed(capsys, "registry", "rules", "set", "Production")
    for word, user in (("reject", "bob"), ("withdraw", "ann")):
        asked = json.loads(printed(capsys, "registry", "promote", "m", "1", "Production", "--json"))
        said = printed(capsys, "registry", word, asked["promotion_id"], "--user", user)
        assert said.startswith("The promotion of m version 1 to stage:Production is ")
    assert "REJECTED" in printed(capsys, "registry", "promotions")


def test_notes_and_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    registered()
    assert printed(capsys, "registry", "annotate", "m", "1") == "There are no notes.\n"
    first = json.loads(printed(capsys, "registry", "annotate", "m", "1", "Does it overfit?", "--json"))[0]
    said = printed(capsys, "registry", "annotate", "m", "1", "No.", "--reply-to", first["note_id"], "--user", "bob")
    assert "ann" in said
    assert "  | No." in said
    found = json.loads(printed(capsys, "registry", "compare", "m", "1", "2", "--json"))
    assert found["missing"] == {}
    changed = {(one["kind"], one["key"]): one["values"] for one in found["differences"] if not one["same"]}
    assert changed == {
        ("param", "depth"): ["1", "2"],
        ("input", "job"): [None, "string (optional)"],
        ("requirement", "numpy"): ["numpy==1.1", "numpy==1.2"],
    }
    said = printed(capsys, "registry", "compare", "m", "1", "m/2")
    assert "seed" not in said
    assert "seed" in printed(capsys, "registry", "compare", "m", "1", "2", "--all")
    assert "is no version" in printed(capsys, "registry", "compare", "m", "one", "2", status=1)


def test_what_says_the_same_twice_is_compared_once(capsys: pytest.CaptureFixture[str]) -> None:
    registered()
    services = connect(read_settings())
    for number, value in ((1, 0.5), (2, 0.612345678)):
        run = services.tracking.runs.get(services.registry.versions.get("m", number).run_id)
        services.tracking.runs.log([LogBatch(run.info.run_id, linked=[Metric("roc_auc", value, 1, 0)])])
        figures = {"roc_auc": value, "f1_score": value} if number == 1 else {"roc_auc": value, "f1_score": 0.25}
        record = Evaluation("m", metrics=figures)
        services.open_artifacts(run.info.artifact_uri).write(RECORD_PATH, [to_json(record).encode()])
    services.close()
    found = json.loads(printed(capsys, "registry", "compare", "m", "1", "2", "--json"))["differences"]
    figures = [(one["kind"], one["key"]) for one in found if one["kind"] in {"metric", "evaluation"}]
    assert figures == [("metric", "roc_auc"), ("evaluation", "f1_score")]
    assert "0.612346\n" in printed(capsys, "registry", "compare", "m", "1", "2").replace(" ", "")


def test_a_check_says_what_it_let_through(capsys: pytest.CaptureFixture[str]) -> None:
    registered()
    printed(capsys, "registry", "rules", "set", "@champion", "--approvers", "0", "--check", "gate")
    said = printed(capsys, "registry", "promote", "m", "1", "@champion")
    assert "Missing: the check 'gate'" in said
    assert "Approve it with" not in said
    said = printed(capsys, "registry", "check", "m", "1", "gate", "--passed")
    assert said == "The check gate of m version 1 passed.\nm version 1 is alias:champion now.\n"
    assert "as it was before" in printed(capsys, "registry", "promote", "m", "1", "@champion")


def test_python_promotes_approves_and_rolls_back() -> None:
    registered()
    treering.promote("m", "1", "Production")
    client = treering.Client()
    rule = client.set_approval_rule(treering.entities.ApprovalRule("m", "Production"))
    assert rule == ApprovalRule("m", "stage:Production")
    assert client.get_approval_rules("m") == [rule]
    asked = treering.promote("m", 2, "Production", "better", replacing=1)
    with pytest.raises(Conflict):
        treering.promote("m", 1, "Production")
    assert client.search_promotions("m", "PENDING") == [client.get_promotion(asked.promotion_id)]
    assert treering.approve_promotion(asked.promotion_id, user="bob").state is PromotionState.DONE
    assert treering.rollback("m", "Production", "worse").version == 1
    assert [event.action for event in treering.registry_history("m", max_results=2)] == ["rolled_back", "version.stage"]
    again = treering.promote("m", 2, "Production")
    assert treering.reject_promotion(again.promotion_id, "no", user="bob").state is PromotionState.REJECTED
    third = client.promote_model_version("m", 2, "Production")
    assert client.withdraw_promotion(third.promotion_id).state is PromotionState.WITHDRAWN
    client.remove_approval_rule("Production", "m")
    client.set_model_version_check("m", 2, "gate", passed=True)
    assert [check.check for check in client.get_model_version_checks("m", "2")] == ["gate"]
    note = client.annotate_model_version("m", 2, "good")
    assert client.get_model_version_notes("m", 2) == [note]
    found = treering.compare_model_versions([("m", 1), ("m", 2)])
    assert {one.key for one in found.differences if not one.same} == {"depth", "job", "numpy"}
    with pytest.raises(InvalidInput):
        treering.promote("m", "two", "Production")


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    got: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            got.append(f"{said['entity']}.{said['action']}")
            self.send_response(503 if len(got) == 2 else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()
        thread.join(30)


def test_an_embedded_store_delivers_by_a_command(
    capsys: pytest.CaptureFixture[str], receiver: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, got = receiver
    assert "TREERING_WEBHOOK_ALLOWED_SCHEMES" in printed(
        capsys, "webhooks", "create", "a", url, "-e", "promotion.done", status=1
    )
    monkeypatch.setenv("TREERING_WEBHOOK_ALLOWED_SCHEMES", "http")
    monkeypatch.setenv("TREERING_WEBHOOK_ALLOW_PRIVATE_IPS", "true")
    events = ("-e", "promotion.done", "-e", "model_version.created")
    made = json.loads(printed(capsys, "webhooks", "create", "a", url, *events, "--json"))
    one = made["webhook_id"]
    assert "is no event" in printed(capsys, "webhooks", "create", "a", url, "-e", "x.y", status=1)
    assert "run.finished" in printed(capsys, "webhooks", "events")
    assert one in printed(capsys, "webhooks", "list")
    assert "status 200" in printed(capsys, "webhooks", "test", one)
    registered()
    assert "0 delivered, 1 to be tried again later" in printed(capsys, "webhooks", "deliver", status=1)
    waiting = json.loads(printed(capsys, "webhooks", "deliveries", one, "--state", "pending", "--json"))
    assert [message["attempts"] for message in waiting] == [0, 1]
    printed(capsys, "webhooks", "redeliver", waiting[1]["message_id"])
    assert printed(capsys, "webhooks", "deliver") == "2 delivered, 0 to be tried again later, 0 given up.\n"
    assert got == ["promotion.done", *["model_version.created"] * 3]
    assert "DELIVERED" in printed(capsys, "webhooks", "deliveries")
    client = treering.Client()
    [newest, _] = client.get_webhook_deliveries(one, "DELIVERED")
    assert client.redeliver_webhook_message(newest.message_id).state == "PENDING"
    assert [one.message_id for one in client.get_webhook_deliveries(state="PENDING")] == [newest.message_id]
    assert "disabled" in printed(capsys, "webhooks", "switch", one, "--off")
    printed(capsys, "webhooks", "delete", one)
    assert printed(capsys, "webhooks", "list") == "There are no webhooks.\n"


def test_words_of_others_neither_steer_the_terminal_nor_write_lines_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor do they give orders to who runs CI, where a line that begins with :: is one."""
    registered()
    hostile = "fine\x1b[2J\x9b1A\n::stop-commands::x\r\u202egnp.exe"
    printed(capsys, "registry", "annotate", "m", "1", hostile, "--user", hostile)
    printed(capsys, "registry", "promote", "m", "1", "@champion", "-m", hostile)
    printed(capsys, "registry", "check", "m", "1", "gate", "--failed", "-m", hostile)
    for shown in (("annotate", "m", "1"), ("history", "m"), ("checks", "m", "1")):
        said = printed(capsys, "registry", *shown)
        assert not set(said) & set("\x1b\x9b\r\u202e")
        assert not [line for line in said.splitlines() if line.startswith("::")]
    assert hostile in json.loads(printed(capsys, "registry", "annotate", "m", "1", "--json"))[0]["text"]
