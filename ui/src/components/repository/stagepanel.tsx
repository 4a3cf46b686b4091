/** A stage: what it runs, reads and writes, why it would run again, what it printed; and data that no stage makes. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { PathUse, StageView } from "../../api/repository";
import { shell } from "../../lib/begin";
import { formatBytes, formatDuration } from "../../lib/format";
import { kindWord, pathMark } from "../../lib/tracked";
import { CopyButton } from "../copy";
import { Icon } from "../icons";
import { Ago } from "../marks";
import { StageState } from "./marks";
import { StageLog } from "./stagelog";

interface Props {
  stage: StageView;
  log: boolean;
  onLog: (on: boolean) => void;
  /** Shows another stage. */
  choose: (address: string) => void;
  close: () => void;
}

export function StagePanel({ stage, log, onLog, choose, close }: Props) {
  return (
    <section className="lineage-panel stage-panel" aria-label={`Stage ${stage.address}`} tabIndex={0}>
      <PanelHead kind={stage.file} title={stage.name} close={close} />
      <div className="stage-facts">
        <StageState state={stage.state} />
        {stage.frozen && stage.state !== "frozen" && <span className="chip">frozen</span>}
        {stage.last_run !== null && (
          <span className="muted">
            ran <Ago time={stage.last_run} />
            {stage.duration !== null && `, took ${formatDuration(stage.duration * 1000)}`}
          </span>
        )}
      </div>
      {stage.desc && <p className="muted">{stage.desc}</p>}
      <div className="segments stage-parts" role="group" aria-label="Parts of the stage">
        <button type="button" aria-pressed={!log} onClick={() => onLog(false)}>
          Definition
        </button>
        <button type="button" aria-pressed={log} onClick={() => onLog(true)}>
          Log
        </button>
      </div>
      {log ? <StageLog key={stage.address} stage={stage} /> : <Definition stage={stage} choose={choose} />}
    </section>
  );
}

function PanelHead({ kind, title, close }: { kind: string; title: string; close: () => void }) {
  return (
    <div className="head">
      <div>
        <span className="muted small">{kind}</span>
        <h2>{title}</h2>
      </div>
      <button type="button" className="button quiet icon" aria-label="Close the details" onClick={close}>
        <Icon name="cross" />
      </button>
    </div>
  );
}

function Definition({ stage, choose }: { stage: StageView; choose: (address: string) => void }) {
  const repro = `treering repro ${shell(stage.address)}`;
  return (
    <>
      {stage.reasons.length > 0 && (
        <Part title={stage.state === "frozen" ? "What changed since" : stage.state === "failed" ? "What is known" : "Why it would run"}>
          <ul className="reasons">
            {stage.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </Part>
      )}
      <div className="buttons">
        {stage.run_id && (
          <Link to="/runs/$runId" params={{ runId: stage.run_id }} className="button primary">
            Open its run
          </Link>
        )}
        <CopyButton text={repro} label={`Copy “${repro}”`} />
      </div>
      <Part title="Command" note={stage.wdir === "." ? "" : `in ${stage.wdir}`}>
        <pre className="stage-command" tabIndex={0} role="group" aria-label="Command">
          <code>{stage.cmd.join("\n")}</code>
        </pre>
      </Part>
      <Part title="Reads" note={String(stage.deps.length)}>
        <Uses uses={stage.deps} choose={choose} />
      </Part>
      {stage.params.length > 0 && (
        <Part title="Params" note={String(stage.params.length)}>
          <Params stage={stage} />
        </Part>
      )}
      <Part title="Writes" note={String(stage.outs.length)}>
        <Uses uses={stage.outs} choose={choose} made />
      </Part>
    </>
  );
}

function Part({ title, note = "", children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section className="stage-part" role="group" aria-label={title}>
      <h3>
        {title} {note && <span className="muted">{note}</span>}
      </h3>
      {children}
    </section>
  );
}

/** Paths with how they stand; what is tracked leads to its page. */
function Uses({ uses, choose, made = false }: { uses: readonly PathUse[]; choose: (address: string) => void; made?: boolean }) {
  if (uses.length === 0) return <p className="muted">Nothing.</p>;
  return (
    <ul className="uses">
      {uses.map((use) => {
        const tracked = made || use.made_by !== "";
        const mark = use.state ? pathMark(use.state) : null;
        const from = made || !use.made_by || use.made_by.endsWith(".dvc") ? "" : use.made_by;
        return (
          <li key={use.path}>
            <span className="use-path">
              {tracked ? (
                <Link to="/data/tracked/$" params={{ _splat: use.path }} className="link">
                  {use.path}
                </Link>
              ) : (
                use.path
              )}
            </span>
            <span className="use-facts small">
              {mark && (
                <span className={`state ${mark.tone}`}>
                  <Icon name={mark.icon} size={12} />
                  {mark.word.toLowerCase()}
                </span>
              )}
              {made && use.kind && use.kind !== "output" && <span className="muted">{kindWord(use.kind).toLowerCase()}</span>}
              {from && (
                <button type="button" className="graph-name" onClick={() => choose(from)}>
                  from {from}
                </button>
              )}
              {use.size !== null && <span className="muted">{formatBytes(use.size)}</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Params({ stage }: { stage: StageView }) {
  return (
    <dl className="stage-params">
      {stage.params.map((param) => (
        <div key={`${param.file} ${param.key}`} data-changed={param.state ? "" : undefined}>
          <dt className="ellipsis" title={`${param.file}: ${param.key}`}>
            {param.key || param.file}
          </dt>
          <dd>
            <span className="param-value">{param.value || "–"}</span>
            {param.state && <span className={`state small ${pathMark(param.state).tone}`}>{pathMark(param.state).word.toLowerCase()}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Data at the beginning of the pipeline. */
export function DataPanel({ path, stages, choose, close }: { path: string; stages: readonly StageView[]; choose: (address: string) => void; close: () => void }) {
  const readers = stages.filter((stage) => stage.deps.some((use) => use.path === path));
  const use = readers[0]?.deps.find((each) => each.path === path);
  if (!use) return null;
  const mark = pathMark(use.state);
  return (
    <section className="lineage-panel stage-panel" aria-label={`Data ${path}`} tabIndex={0}>
      <PanelHead kind={use.made_by} title={path} close={close} />
      <div className="stage-facts">
        <span className={`state ${mark.tone}`}>
          <Icon name={mark.icon} size={14} />
          {mark.word}
        </span>
        {use.size !== null && <span className="muted">{formatBytes(use.size)}</span>}
      </div>
      <div className="buttons">
        <Link to="/data/tracked/$" params={{ _splat: path }} className="button primary">
          Open the data
        </Link>
      </div>
      <Part title="Read by">
        <ul className="uses">
          {readers.map((stage) => (
            <li key={stage.address}>
              <button type="button" className="graph-name" onClick={() => choose(stage.address)}>
                {stage.address}
              </button>
            </li>
          ))}
        </ul>
      </Part>
    </section>
  );
}

