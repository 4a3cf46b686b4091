/** Small marks of a repository: how a path stands, a commit, where the repository is. */

import type { RepositoryInfo } from "../../api/repository";
import { stateMark } from "../../lib/graph";
import { pathMark } from "../../lib/tracked";
import { Icon } from "../icons";

export function PathState({ state }: { state: string }) {
  const mark = pathMark(state);
  return (
    <span className={`state ${mark.tone}`}>
      <Icon name={mark.icon} size={14} />
      {mark.word}
    </span>
  );
}

export function StageState({ state }: { state: string }) {
  const mark = stateMark(state);
  if (!mark) return null;
  return (
    <span className={`state ${mark.tone}`}>
      <Icon name={mark.icon} size={14} />
      {mark.word}
    </span>
  );
}

export function shortRevision(revision: string): string {
  return revision.slice(0, 7);
}

/** The repository in a line: its name, the branch, the commit, and whether something is not committed. */
export function Standing({ info }: { info: RepositoryInfo }) {
  return (
    <span className="standing">
      <span className="strong ellipsis" title={info.name}>
        {info.name}
      </span>
      {(info.branch || info.revision) && (
        <span className="chip mono" title={info.revision}>
          <Icon name="branch" size={12} />
          {info.branch || "detached"}
          {info.revision && ` ${shortRevision(info.revision)}`}
        </span>
      )}
      {info.changed && <span className="state warn small">uncommitted changes</span>}
    </span>
  );
}
