/** Windows that ask for a name or for a confirmation, and show beside the field why it was refused. */

import { type ReactNode, useId, useState } from "react";
import { messageOf } from "../lib/edits";
import { Dialog } from "./dialog";

interface TextProps {
  title: string;
  label: string;
  value?: string;
  /** What the button says, such as "Create". */
  button: string;
  rows?: number;
  /** Stands below the field. */
  hint?: ReactNode;
  /** Whether nothing may be entered. */
  optional?: boolean;
  save: (text: string) => Promise<unknown>;
  close: () => void;
}

export function TextDialog({ title, label, value = "", button, rows, hint, optional = false, save, close }: TextProps) {
  const [text, setText] = useState(value);
  const { busy, wrong, submit } = useSubmit(() => save(text), close);
  const about = useId();
  const shared = {
    autoFocus: true,
    value: text,
    "aria-invalid": wrong ? true : undefined,
    "aria-describedby": wrong ? about : undefined,
    onChange: (event: { target: { value: string } }) => setText(event.target.value),
  };
  return (
    <Dialog
      title={title}
      close={close}
      onSubmit={submit}
      wide={rows !== undefined}
      actions={<Buttons button={button} busy={busy} idle={(!optional && !text.trim()) || text === value} close={close} />}
    >
      <label>
        {label}
        {rows === undefined ? (
          <input type="text" className="field" {...shared} />
        ) : (
          <textarea className="field area" rows={rows} {...shared} />
        )}
      </label>
      {hint}
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

interface ConfirmProps {
  title: string;
  button: string;
  danger?: boolean;
  /** To be typed before the button works, for what cannot be taken back. */
  typed?: string;
  act: () => Promise<unknown>;
  close: () => void;
  children: ReactNode;
}

export function ConfirmDialog({ title, button, danger = false, typed, act, close, children }: ConfirmProps) {
  const [text, setText] = useState("");
  const { busy, wrong, submit } = useSubmit(act, close);
  const about = useId();
  return (
    <Dialog
      title={title}
      close={close}
      onSubmit={submit}
      actions={
        <Buttons button={button} busy={busy} danger={danger} idle={typed !== undefined && text !== typed} close={close} />
      }
    >
      {children}
      {typed !== undefined && (
        <label>
          Type “{typed}” to go on
          <input type="text" className="field" autoComplete="off" value={text} onChange={(event) => setText(event.target.value)} />
        </label>
      )}
      <Wrong id={about} wrong={wrong} />
    </Dialog>
  );
}

/** Sends once at a time; closes where it was done, and keeps what was said where it was not. */
export function useSubmit(save: () => Promise<unknown>, close: () => void) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const submit = () => {
    if (busy) return;
    setBusy(true);
    setWrong("");
    save()
      .then(close)
      .catch((error: unknown) => setWrong(messageOf(error)))
      .finally(() => setBusy(false));
  };
  return { busy, wrong, submit };
}

interface ButtonsProps {
  button: string;
  busy: boolean;
  idle: boolean;
  danger?: boolean;
  close: () => void;
}

export function Buttons({ button, busy, idle, danger = false, close }: ButtonsProps) {
  return (
    <>
      <button type="button" className="button" onClick={close}>
        Cancel
      </button>
      <button type="submit" className={danger ? "button danger" : "button primary"} disabled={busy || idle}>
        {button}
      </button>
    </>
  );
}

export function Wrong({ id, wrong }: { id: string; wrong: string }) {
  return wrong ? (
    <p id={id} className="state err wraps" role="alert">
      {wrong}
    </p>
  ) : null;
}
