/** A window over the page: it keeps the focus, and Escape or a click beside it closes it. */

import { type FormEvent, type ReactNode, useCallback, useId, useState } from "react";
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
  const [dialog, setDialog] = useState<HTMLDialogElement | null>(null);
  const heading = useId();
  // What is in it comes when it is open: a field in a closed one cannot take the focus.
  const opened = useCallback((element: HTMLDialogElement | null) => {
    if (element && !element.open) element.showModal();
    setDialog(element);
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    <dialog
      ref={opened}
      className={wide ? "dialog wide-dialog" : "dialog"}
      aria-labelledby={heading}
      onClose={close}
      onClick={(event) => event.target === dialog && close()}
    >
      <form onSubmit={submit}>
        <header>
          <h2 id={heading}>{title}</h2>
          <button type="button" className="button quiet icon" aria-label="Close" onClick={close}>
            <Icon name="cross" />
          </button>
        </header>
        <div className="dialog-body">{dialog && children}</div>
        {actions && <footer>{actions}</footer>}
      </form>
    </dialog>
  );
}
