/** A model folder: what kind of model it is, what it takes and gives, how to load and to serve it. */

import { useQuery } from "@tanstack/react-query";
import { fileDecodedQuery } from "../../api/artifacts";
import { formatBytes } from "../../lib/format";
import { parseJson } from "../../lib/jsontext";
import { type ModelFolder, readModel, type SignatureField } from "../../lib/mlmodel";
import { loadWays, serveWays } from "../../lib/runcode";
import { Card, Pairs } from "../card";
import { Ways } from "../codeways";
import { Failure, SkeletonRows } from "../feedback";
import { Code } from "./code";
import { JsonTree } from "./json";

const MOST_EXAMPLE = 2000;

export function ModelView({ uri, path, files }: { uri: string; path: string; files: readonly { path: string; size: number | null }[] }) {
  const inside = (name: string) => (path ? `${path}/${name}` : name);
  const has = (name: string) => name !== "" && files.some((file) => file.path === inside(name));
  const query = useQuery(fileDecodedQuery(uri, inside("MLmodel")));
  if (query.isPending) return <SkeletonRows rows={6} height={24} />;
  if (query.isError) return <Failure what="MLmodel could not be read." error={query.error} retry={() => void query.refetch()} />;
  const model = readModel(query.data.text);
  const modelUri = path ? `${uri}/${path}` : uri;
  return (
    <div className="cards">
      <Facts model={model} size={model.sizeBytes ?? files.reduce((sum, file) => sum + (file.size ?? 0), 0)} />
      <SignatureCard title="Inputs" fields={model.signature?.inputs} empty="The model does not say what it takes. Log it with a signature." />
      <SignatureCard title="Outputs" fields={model.signature?.outputs} empty="The model does not say what it gives." />
      {model.signature && model.signature.params.length > 0 && <SignatureCard title="Params of a prediction" fields={model.signature.params} empty="" />}
      {has(model.example) && <Example uri={uri} path={inside(model.example)} />}
      {has("requirements.txt") && <Requirements uri={uri} path={inside("requirements.txt")} />}
      <Using uri={uri} modelUri={modelUri} example={has(model.servingExample) ? inside(model.servingExample) : ""} />
      {model.metadata.length > 0 && <Pairs title="Metadata" pairs={model.metadata} empty="" />}
      {model.flavours.map((flavour) => (
        <Pairs key={flavour.name} title={`Flavour ${flavour.name}`} pairs={flavour.settings} empty="It has no settings." />
      ))}
    </div>
  );
}

function Facts({ model, size }: { model: ModelFolder; size: number }) {
  const facts: [string, string][] = [
    ["flavours", model.flavours.map((flavour) => flavour.name).join(", ")],
    ["size", formatBytes(size)],
    ["created", model.created],
    ["model id", model.modelId],
    ["run", model.runId],
    ["MLflow's format", model.version],
  ];
  return <Pairs title="Model" pairs={facts.filter(([, value]) => value !== "")} empty="" />;
}

function SignatureCard({ title, fields, empty }: { title: string; fields: SignatureField[] | undefined; empty: string }) {
  const withStandard = fields?.some((field) => field.standard !== "");
  return (
    <Card title={title} count={fields?.length}>
      {!fields || fields.length === 0 ? (
        <p className="muted pad">{empty}</p>
      ) : (
        <table className="list compact">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Type</th>
              <th scope="col">{withStandard ? "Default" : "Needed"}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field, at) => (
              <tr key={at}>
                <td>{field.name || <span className="muted">no name</span>}</td>
                <td className="wrap">
                  <code>{field.type}</code>
                </td>
                <td>{withStandard ? <code>{field.standard}</code> : field.required ? "yes" : <span className="muted">no</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function Example({ uri, path }: { uri: string; path: string }) {
  const query = useQuery(fileDecodedQuery(uri, path));
  if (!query.data) return null;
  let value: unknown;
  try {
    value = parseJson(query.data.text);
  } catch {
    value = query.data.text;
  }
  return (
    <Card title="Input example">
      <JsonTree value={value} label="Input example" />
    </Card>
  );
}

function Requirements({ uri, path }: { uri: string; path: string }) {
  const query = useQuery(fileDecodedQuery(uri, path));
  if (!query.data) return null;
  return (
    <Card title="Requirements">
      <Code text={query.data.text} language="" label="Requirements" />
    </Card>
  );
}

function Using({ uri, modelUri, example }: { uri: string; modelUri: string; example: string }) {
  const query = useQuery({ ...fileDecodedQuery(uri, example), enabled: example !== "" });
  const body = query.data && query.data.text.length <= MOST_EXAMPLE ? query.data.text : "";
  return (
    <>
      <Card title="Load it">
        <div className="stack">
          <Ways ways={loadWays(location.origin, modelUri)} />
        </div>
      </Card>
      <Card title="Serve it">
        <div className="stack">
          <Ways ways={serveWays(location.origin, modelUri, body)} />
        </div>
      </Card>
    </>
  );
}
