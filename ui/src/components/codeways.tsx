/** What is on the screen, said in Python, on the command line and over REST, to copy. */

import { useId, useState } from "react";
import { Snippet } from "./copy";
import { Dialog } from "./dialog";

export interface CodeWays {
  python?: string;
  cli?: string;
  rest?: string;
}

const TITLES: Record<keyof CodeWays, string> = { python: "Python", cli: "Command line", rest: "REST" };

export function CodeButton({ title, ways }: { title: string; ways: CodeWays }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        Code
      </button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)} wide>
          <Ways ways={ways} />
        </Dialog>
      )}
    </>
  );
}

/** The ways as tabs. */
export function Ways({ ways }: { ways: CodeWays }) {
  const names = (Object.keys(TITLES) as (keyof CodeWays)[]).filter((name) => ways[name]);
  const [chosen, setChosen] = useState(names[0]);
  const group = useId();
  const shown = chosen !== undefined && names.includes(chosen) ? chosen : names[0];
  if (shown === undefined) return null;
  return (
    <div className="ways">
      <div className="segments" role="group" aria-label="Language">
        {names.map((name) => (
          <button key={name} type="button" aria-pressed={name === shown} aria-controls={group} onClick={() => setChosen(name)}>
            {TITLES[name]}
          </button>
        ))}
      </div>
      <div id={group}>
        <Snippet label={TITLES[shown]} code={ways[shown] ?? ""} />
      </div>
    </div>
  );
}
