/** The first steps with this server, with its real address filled in. */

import type { CodeWays } from "../components/codeways";

/** A text as an argument of a shell. */
export function shell(text: string): string {
  return /^[\w:/@.,=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text as a literal of Python. */
export function python(text: string): string {
  return JSON.stringify(text);
}

export function firstRun(experiment = "my experiment", origin = location.origin): string {
  return [
    "import treering",
    "",
    `treering.set_tracking_uri(${python(origin)})`,
    `treering.set_experiment(${python(experiment)})`,
    "with treering.start_run():",
    '    treering.log_param("lr", 0.001)',
    "    for step in range(100):",
    '        treering.log_metric("loss", 1 / (step + 1), step=step)',
  ].join("\n");
}

/** How programs that log to MLflow log here instead. */
export function fromMlflow(origin = location.origin): string {
  return `export MLFLOW_TRACKING_URI=${origin}\npython train.py`;
}

export function fromShell(origin = location.origin): string {
  return `export TREERING_TRACKING_URI=${origin}\ntreering experiments create -n ${shell("my experiment")}\npython train.py`;
}

/** Loading and serving what a model's address names. */
export function waysOf(uri: string, origin = location.origin): Required<CodeWays> {
  return {
    python: [
      "import treering",
      "",
      `treering.set_tracking_uri(${python(origin)})`,
      `model = treering.pyfunc.load_model(${python(uri)})`,
      "model.predict(data)",
    ].join("\n"),
    cli: `export TREERING_TRACKING_URI=${origin}\ntreering models serve -m ${shell(uri)} --port 5001`,
    rest: `curl http://127.0.0.1:5001/invocations -H 'content-type: application/json' \\\n  -d '{"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}}'`,
  };
}
