/** Registering a model of a run: which folder or logged model, under which name. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { filesQuery } from "../../api/artifacts";
import { ApiError } from "../../api/client";
import { modelsQuery } from "../../api/models";
import { createModel, registerVersion } from "../../api/runpage";
import type { Run } from "../../api/types";
import { notify } from "../../lib/notices";
import { nameOf } from "../../lib/previews";
import { Dialog } from "../dialog";
import { useRunModels } from "./models";

interface Source {
  uri: string;
  label: string;
  modelId: string;
}

export function RegisterDialog({ run, close }: { run: Run; close: () => void }) {
  const sources = useSources(run);
  const models = useQuery(modelsQuery(""));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState("");
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState(false);
  const names = models.data?.models.map((model) => model.name) ?? [];
  const source = sources.find((item) => item.uri === chosen) ?? sources[0];
  const wanted = name.trim();
  const isNew = wanted !== "" && !names.includes(wanted);

  const submit = async () => {
    if (!source || wanted === "") return;
    setBusy(true);
    setFailed("");
    try {
      if (isNew) await createModel(wanted).catch(unlessThere);
      const version = await registerVersion(wanted, { source: source.uri, run_id: run.run_id, model_id: source.modelId, description });
      await queries.invalidateQueries({ predicate: ({ queryKey }) => ["models", "model", "versions", "run-versions", "logged-model"].includes(String(queryKey[0])) });
      notify({ text: `Registered as version ${version} of ${wanted}.`, kind: "done" });
      close();
      void navigate({ to: "/models/$name", params: { name: wanted } });
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      title="Register a model"
      close={close}
      onSubmit={() => void submit()}
      actions={
        <>
          <button type="button" className="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={busy || !source || wanted === ""}>
            {isNew ? "Create and register" : "Register version"}
          </button>
        </>
      }
    >
      {sources.length === 0 ? (
        <p className="muted">
          No model was found among the files of this run: neither a logged model nor a folder with a file MLmodel at the top.
        </p>
      ) : (
        <>
          <label>
            Model of the run
            <select className="field" value={source?.uri} onChange={(event) => setChosen(event.target.value)}>
              {sources.map((item) => (
                <option key={item.uri} value={item.uri}>
                  {item.label}
                </option>
              ))}
            </select>
          </label>
          <label>
            Register under
            <input className="field" list="registered-names" value={name} placeholder="A name, new or known" onChange={(event) => setName(event.target.value)} />
            <datalist id="registered-names">
              {names.map((item) => (
                <option key={item} value={item} />
              ))}
            </datalist>
          </label>
          <label>
            What is special about this version (optional)
            <input className="field" value={description} onChange={(event) => setDescription(event.target.value)} />
          </label>
        </>
      )}
      {failed && (
        <p className="state err wrap" role="alert">
          {failed}
        </p>
      )}
    </Dialog>
  );
}

/** Logged models, and folders at the top of the run's files that hold a model. */
function useSources(run: Run): Source[] {
  const uri = `runs:/${run.run_id}`;
  const models = useRunModels(run);
  const top = useQuery(filesQuery(uri, ""));
  const known = useQuery({
    queryKey: ["model-folders", uri, top.data?.length],
    queryFn: async ({ client }) => {
      const folders = (top.data ?? []).filter((file) => file.is_dir).slice(0, 30);
      const listed = await Promise.all(folders.map((folder) => client.fetchQuery(filesQuery(uri, folder.path))));
      return folders.filter((_, at) => listed[at]!.some((file) => nameOf(file.path) === "MLmodel")).map((folder) => folder.path);
    },
    enabled: top.data !== undefined,
  });
  return [
    ...models.map((model) => ({ uri: `models:/${model.model_id}`, label: `${model.name} (logged model)`, modelId: model.model_id })),
    ...(known.data ?? []).map((path) => ({ uri: `${uri}/${path}`, label: `${path} (folder)`, modelId: "" })),
  ];
}

/** Somebody else may have made it in the meantime. */
function unlessThere(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== "RESOURCE_ALREADY_EXISTS") throw error;
}
