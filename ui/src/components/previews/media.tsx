/** Pictures, sounds, moving pictures, pages and PDF: what the browser itself shows. */

import { useState } from "react";
import { contentUrl, previewUrl } from "../../api/artifacts";
import { nameOf } from "../../lib/previews";
import type { FileProps } from "./reading";

const STEP = 1.5;
const LARGEST = 16;

export function Picture({ uri, path }: FileProps) {
  const [zoom, setZoom] = useState(0);
  const [size, setSize] = useState("");
  const [broken, setBroken] = useState(false);
  const [width, setWidth] = useState(0);
  if (broken) return <Broken what="The picture cannot be shown: the file is damaged, or of a kind that this browser does not know." />;
  const change = (next: number) => setZoom(Math.min(LARGEST, Math.max(1 / LARGEST, next)));
  return (
    <>
      <div className="preview-bar">
        <span className="muted small">{size}</span>
        <span className="segments" role="group" aria-label="Size">
          <button type="button" aria-label="Smaller" onClick={() => change((zoom || 1) / STEP)}>
            −
          </button>
          <button type="button" aria-pressed={zoom === 0} onClick={() => setZoom(0)}>
            Fit
          </button>
          <button type="button" aria-pressed={zoom === 1} onClick={() => setZoom(1)}>
            {zoom === 0 ? "100%" : `${Math.round(zoom * 100)}%`}
          </button>
          <button type="button" aria-label="Larger" onClick={() => change((zoom || 1) * STEP)}>
            +
          </button>
        </span>
      </div>
      <div className="picture" tabIndex={0} role="region" aria-label={`${nameOf(path)}, as a picture`}>
        <img
          src={contentUrl(uri, path)}
          alt={nameOf(path)}
          data-zoomed={zoom !== 0 || undefined}
          style={zoom === 0 ? undefined : { width: width * zoom }}
          onLoad={({ currentTarget }) => {
            setWidth(currentTarget.naturalWidth || currentTarget.width);
            setSize(currentTarget.naturalWidth ? `${currentTarget.naturalWidth} × ${currentTarget.naturalHeight}` : "");
          }}
          onError={() => setBroken(true)}
        />
      </div>
    </>
  );
}

export function Sound({ uri, path }: FileProps) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Broken what="The sound cannot be played: the file is damaged, or of a kind that this browser does not know." />;
  return <audio className="sound" src={contentUrl(uri, path)} controls preload="metadata" aria-label={nameOf(path)} onError={() => setBroken(true)} />;
}

export function Film({ uri, path }: FileProps) {
  const [broken, setBroken] = useState(false);
  if (broken) return <Broken what="The film cannot be played: the file is damaged, or of a kind that this browser does not know." />;
  return (
    <div className="picture">
      <video src={contentUrl(uri, path)} controls loop preload="metadata" aria-label={nameOf(path)} onError={() => setBroken(true)} />
    </div>
  );
}

/** A page in a sandbox: no script runs in it, and the server's answer forbids it to fetch anything. */
export function Page({ uri, path }: FileProps) {
  return (
    <>
      <p className="preview-bar muted small">Scripts in this page do not run, and nothing is fetched for it from elsewhere.</p>
      <iframe className="html" src={previewUrl(uri, path)} sandbox="" title={nameOf(path)} referrerPolicy="no-referrer" />
    </>
  );
}

export function Pdf({ uri, path }: FileProps) {
  // Not every browser brings a viewer; one without would offer a download unasked.
  if (!navigator.pdfViewerEnabled) return <Broken what="This browser has no viewer for PDF." />;
  return <iframe className="html" src={previewUrl(uri, path)} title={nameOf(path)} referrerPolicy="no-referrer" />;
}

export function Broken({ what }: { what: string }) {
  return <p className="muted pad">{what} Download the file to look into it.</p>;
}
