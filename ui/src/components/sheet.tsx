/** The sheet behind "?": every key that does something on this page. */

import { useAllCommands } from "../lib/commands";
import { Dialog } from "./dialog";

export function ShortcutSheet({ close }: { close: () => void }) {
  const commands = useAllCommands().filter((command) => command.keys);
  const groups = [...new Set(commands.map((command) => command.group))].sort((a, b) => rank(a) - rank(b));
  return (
    <Dialog title="Keyboard" close={close} wide>
      <p className="muted">
        What this page does with a key. Keys rest while you type; “then” means one key after another.
      </p>
      <div className="sheet">
        {groups.map((group) => (
          <section key={group} aria-label={group}>
            <h3>{group}</h3>
            <dl>
              {commands
                .filter((command) => command.group === group)
                .map((command) => (
                  <div key={command.id}>
                    <dt>{command.label}</dt>
                    <dd>
                      <Keys keys={command.keys!} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** What belongs to the page comes before what is everywhere. */
function rank(group: string): number {
  return ["Everywhere", "Go to"].indexOf(group) + 1;
}

const NAMES: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space", shift: "Shift", alt: "Alt" };

export function Keys({ keys }: { keys: string }) {
  return (
    <>
      {keys.split(" ").map((stroke, index) => (
        <span key={index}>
          {index > 0 && <span className="muted"> then </span>}
          {stroke.split("+").map((key) => (
            <kbd key={key} className="key-cap">
              {key === "mod" ? (isApple() ? "⌘" : "Ctrl") : (NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))}
            </kbd>
          ))}
        </span>
      ))}
    </>
  );
}

export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
