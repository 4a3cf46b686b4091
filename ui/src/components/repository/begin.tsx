/** What stands where the repository has nothing to show yet: why, and the commands that begin. */

import type { ReactNode } from "react";
import type { RepositoryInfo } from "../../api/repository";
import { Empty } from "../feedback";
import { Snippet } from "../copy";

const FIRST_DATA = `git init
treering data init
treering data add data/raw.csv
git add data .dvc && git commit -m "Track the data"`;

const FIRST_STAGE = `treering pipeline stage add --name train \\
  --deps train.py --deps data/raw.csv --params train.lr \\
  --outs model.pkl --metrics-no-cache metrics.json \\
  python train.py
treering repro`;

const FIRST_EXPERIMENT = `treering exp run --set-param train.lr=0.01
treering exp run --set-param 'train.lr=0.1,0.3,1.0' --queue
treering exp queue start`;

/** Of a server that shows no repository. */
export function NoRepository({ info, what }: { info: RepositoryInfo; what: string }) {
  return (
    <Empty title={`This server shows no repository, so there are no ${what} here.`}>
      {info.reason && <p>{info.reason}</p>}
      <p>
        Start the server in a working tree of Git, or name one with <code>TREERING_REPOSITORY</code>. A repository of DVC is taken as it is.
      </p>
      <Snippet label="How to begin in a folder of your own" code={`${FIRST_DATA}\ntreering server`} />
    </Empty>
  );
}

export function NoTracked() {
  return (
    <Begin title="The repository tracks no data yet." label="How to track the first file or folder" code={FIRST_DATA.replace(/^git init\n/, "")}>
      Large files stay out of Git: a small pointer stands in their place, each version is kept in the cache, and can be sent to a remote.
    </Begin>
  );
}

export function NoStages() {
  return (
    <Begin title="The repository has no pipeline yet." label="How to write the first stage, and run it" code={FIRST_STAGE}>
      A stage says what a command reads and writes. Only what changed is run again, and everything is kept with the code in Git.
    </Begin>
  );
}

export function NoExperiments() {
  return (
    <Begin title="There are no experiments yet." label="How to run some" code={FIRST_EXPERIMENT}>
      An experiment runs the pipeline with other params and keeps what came of it as a commit that no branch shows.
    </Begin>
  );
}

function Begin({ title, label, code, children }: { title: string; label: string; code: string; children: ReactNode }) {
  return (
    <Empty title={title}>
      <p>{children}</p>
      <Snippet label={label} code={code} />
    </Empty>
  );
}
