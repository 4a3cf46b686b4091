/** Something in some experiments has changed: who shows them hears of it. */

import { useEffect, useRef, useState } from "react";
import { watchExperiments } from "../../lib/live";

/** Calls `changed` after each change; what it gives back is another text after each. */
export function useChanges(experimentIds: readonly string[], changed: () => void): string {
  const latest = useRef(changed);
  const [count, setCount] = useState(0);
  useEffect(() => {
    latest.current = changed;
  });
  const ids = experimentIds.join(",");
  useEffect(
    () =>
      watchExperiments(ids.split(","), () => {
        setCount((known) => known + 1);
        latest.current();
      }),
    [ids],
  );
  return count === 0 ? "" : String(count);
}
