"""A registry with rules of approval, as a client of MLflow meets it: it is told of what happens, and refused what is guarded."""

from __future__ import annotations

import json
import os
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mlflow import MlflowClient
from mlflow.exceptions import RestException
from mlflow.webhooks.delivery import _generate_hmac_signature


def native(path: str, body: dict[str, object], method: str = "POST") -> None:
    request = urllib.request.Request(
        os.environ["MLFLOW_TRACKING_URI"] + path,
        json.dumps(body).encode(),
        {"content-type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def main() -> None:
    got: list[tuple[dict[str, str], str]] = []
    enough = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            if len(got) == 3:
                enough.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = MlflowClient()
    hook = client.create_webhook(
        "hook",
        f"http://127.0.0.1:{server.server_port}/",
        ["registered_model.created", "model_version.created", "model_version_alias.created"],
        secret="hush",
    )
    # Events that MLflow does not know, given by our own API, do not disturb its client.
    events = [{"entity": "model_version", "action": action} for action in ("created", "transitioned")]
    native(
        f"/api/v1/webhooks/{hook.webhook_id}",
        {
            "events": [
                {"entity": "registered_model", "action": "created"},
                *events,
                {"entity": "model_version_alias", "action": "created"},
            ]
        },
        "PATCH",
    )
    assert {str(event) for event in client.get_webhook(hook.webhook_id).events} == {
        "registered_model.created",
        "model_version.created",
        "model_version_alias.created",
    }
    # One that is told of nothing else is left out, since the client would fail at the whole list.
    ours = [{"entity": "run", "action": "finished"}]
    native(
        "/api/v1/webhooks", {"name": "ours", "url": f"http://127.0.0.1:{server.server_port}/", "events": ours}, "POST"
    )
    assert [one.webhook_id for one in client.list_webhooks()] == [hook.webhook_id]
    client.create_registered_model("m")
    client.create_model_version("m", "s3://bucket/m")
    native("/api/v1/registry/rules", {"target": "alias:champion", "approvers": 0, "checks": ["gate"]}, "PUT")
    try:
        client.set_registered_model_alias("m", "champion", "1")
    except RestException as error:
        assert error.error_code == "PERMISSION_DENIED", error.error_code
        assert "treering registry promote m 1 alias:champion" in str(error), error
    else:
        sys.exit("the rule was passed by")
    client.set_registered_model_alias("m", "shadow", "1")
    assert enough.wait(60)
    for (headers, body), kind in zip(got, ("registered_model", "model_version", "model_version_alias"), strict=True):
        assert json.loads(body)["entity"] == kind, body
        signature = _generate_hmac_signature(
            "hush", headers["x-mlflow-delivery-id"], headers["x-mlflow-timestamp"], body
        )
        assert headers["x-mlflow-signature"] == signature
    assert json.loads(got[2][1])["data"] == {"name": "m", "alias": "shadow", "version": "1"}
    server.shutdown()


if __name__ == "__main__":
    main()
