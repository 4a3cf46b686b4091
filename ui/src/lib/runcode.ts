/** How to have what a page shows from Python, the command line and over REST. */

import type { CodeWays } from "../components/codeways";

/** A text as Python and shells take it: in double quotes, which Python's and JSON's escapes share. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** A text as a shell takes it whatever is in it. */
function shell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`;
}

export function runWays(origin: string, runId: string): CodeWays {
  return {
    python: [
      "import treering",
      "",
      `treering.set_tracking_uri(${quoted(origin)})`,
      `run = treering.get_run(${quoted(runId)})`,
      "print(run.data.metrics, run.data.params)",
    ].join("\n"),
    cli: `export TREERING_TRACKING_URI=${origin}\ntreering runs describe --run-id ${runId}`,
    rest: `curl ${origin}/api/v1/runs/${runId}`,
  };
}

export function fileWays(origin: string, uri: string, path: string): CodeWays {
  const whole = path ? `${uri}/${path}` : uri;
  return {
    python: [
      "import treering",
      "",
      `treering.set_tracking_uri(${quoted(origin)})`,
      `path = treering.artifacts.download_artifacts(${quoted(whole)})`,
    ].join("\n"),
    cli: `export TREERING_TRACKING_URI=${origin}\ntreering artifacts download --artifact-uri ${shell(whole)}`,
    rest: `curl ${shell(`${origin}/api/v1/artifacts/content?${new URLSearchParams({ uri, path })}`)} --remote-name`,
  };
}

export function loadWays(origin: string, modelUri: string): CodeWays {
  return {
    python: [
      "import treering",
      "",
      `treering.set_tracking_uri(${quoted(origin)})`,
      `model = treering.pyfunc.load_model(${quoted(modelUri)})`,
      "model.predict(data)",
    ].join("\n"),
    cli: `export TREERING_TRACKING_URI=${origin}\ntreering models predict --model-uri ${shell(modelUri)} --input-path input.json`,
  };
}

export function serveWays(origin: string, modelUri: string, example: string): CodeWays {
  const body = example || '{"inputs": [...]}';
  return {
    cli: `export TREERING_TRACKING_URI=${origin}\ntreering models serve --model-uri ${shell(modelUri)} --port 5001`,
    rest: `curl http://127.0.0.1:5001/invocations --header 'content-type: application/json' \\\n  --data ${shell(body)}`,
    python: [
      "import urllib.request",
      "",
      `body = ${quoted(body)}.encode()`,
      'request = urllib.request.Request("http://127.0.0.1:5001/invocations", body, {"content-type": "application/json"})',
      "print(urllib.request.urlopen(request).read().decode())",
    ].join("\n"),
  };
}
