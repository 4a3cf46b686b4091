/** A window over the page: it keeps the focus, and Escape or a click beside it closes it. */

import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";
import { Icon } from "./icons";

interface Props {
  title: string;
  children: ReactNode;
  close: () => void;
  /** Buttons at the foot; with `onSubmit` the last of them should be of type "submit". */
  actions?: ReactNode;
  onSubmit?: () => void;
  wide?: boolean;
}

export function Dialog({ title, children, close, actions, onSubmit, wide }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      ref={dialog}
      className={wide ? "dialog wide-dialog" : "dialog"}
      aria-labelledby={heading}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <form onSubmit={submit}>
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" className="button quiet icon" aria-label="Close" onClick={close}>
            <Icon name="cross" />
          </button>
        </header>
        <div className="dialog-body">{children}</div>
        {actions && <footer>{actions}</footer>}
      </form>
    </dialog>
  );
}
