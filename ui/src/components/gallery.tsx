/** Pictures and sounds of a folder: a card for each, and one with a slider for each series that was logged step by step. */

import { useState } from "react";
import { contentUrl } from "../api/artifacts";
import { formatCount, formatTime } from "../lib/format";
import { kindOf, nameOf } from "../lib/previews";
import { type StepFile, stepSeries } from "../lib/steps";

const AT_ONCE = 48;

export function Gallery({ uri, paths, onOpen }: { uri: string; paths: readonly string[]; onOpen: (path: string) => void }) {
  const [most, setMost] = useState(AT_ONCE);
  const { series, rest } = stepSeries(paths);
  const single = rest.filter((path) => kindOf(path) === "image");
  return (
    <div className="gallery" role="group" aria-label="Pictures">
      {[...series].map(([key, files]) => (
        <Series key={key} uri={uri} name={key} files={files} onOpen={onOpen} />
      ))}
      {single.slice(0, most).map((path) => (
        <figure key={path} className="card gallery-card">
          <button type="button" className="gallery-open" onClick={() => onOpen(path)} aria-label={`Open ${nameOf(path)}`}>
            <img src={contentUrl(uri, path)} alt="" loading="lazy" />
          </button>
          <figcaption className="ellipsis" title={nameOf(path)}>
            {nameOf(path)}
          </figcaption>
        </figure>
      ))}
      {single.length > most && (
        <button type="button" className="button" onClick={() => setMost(most + AT_ONCE)}>
          {formatCount(single.length - most, "more picture")}
        </button>
      )}
    </div>
  );
}

function Series({ uri, name, files, onOpen }: { uri: string; name: string; files: readonly StepFile[]; onOpen: (path: string) => void }) {
  const [at, setAt] = useState(files.length - 1);
  const file = files[Math.min(at, files.length - 1)]!;
  const isSound = kindOf(file.path) === "audio";
  return (
    <figure className="card gallery-card">
      {isSound ? (
        <audio key={file.path} src={contentUrl(uri, file.path)} controls preload="none" aria-label={`${name}, step ${file.step}`} />
      ) : (
        <button type="button" className="gallery-open" onClick={() => onOpen(file.path)} aria-label={`Open ${name}, step ${file.step}`}>
          <img src={contentUrl(uri, file.path)} alt="" />
        </button>
      )}
      <figcaption>
        <span className="ellipsis strong" title={name}>
          {name}
        </span>
        <span className="muted small" title={formatTime(file.timestamp)}>
          step {file.step.toLocaleString("en")}
        </span>
      </figcaption>
      {files.length > 1 && (
        <input
          type="range"
          min={0}
          max={files.length - 1}
          value={at}
          aria-label={`Step of ${name}`}
          aria-valuetext={`step ${file.step}`}
          onChange={(event) => setAt(Number(event.target.value))}
        />
      )}
    </figure>
  );
}
