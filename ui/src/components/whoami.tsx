/** Who the user of this browser is: asked for where a decision is recorded. */

import { MOST_NAME, setPreferences, usePreferences } from "../lib/preferences";

export function useName(): [string, (name: string) => void] {
  const { name } = usePreferences();
  return [name, (given) => setPreferences({ name: given })];
}

/** For dialogs: the name stays known to this browser. */
export function NameField({ autoFocus = false }: { autoFocus?: boolean }) {
  const [name, setName] = useName();
  return (
    <label>
      Your name
      <input
        type="text"
        className="field"
        autoFocus={autoFocus}
        autoComplete="username"
        maxLength={MOST_NAME}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <span className="muted small">Recorded with what you do. This server does not ask for a proof of it.</span>
    </label>
  );
}
