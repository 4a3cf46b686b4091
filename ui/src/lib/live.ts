/**
 * Who wants to know when experiments change: one stream of events for all of a tab's pages, and asking from time to
 * time where there is no stream. A tab that nobody sees does neither, and asks once when it is seen again.
 */

export type Connection =
  | { readonly state: "live" }
  | { readonly state: "polling" }
  | { readonly state: "disconnected"; readonly since: number };

export type OnChange = (experimentIds: readonly string[]) => void;

/** Milliseconds between two questions where there is no stream. */
export const POLL_EVERY = 5000;
/** Milliseconds after which a stream that failed is tried again. */
export const RETRY_AFTER = 30_000;
// Pages come and go together: the stream is opened anew when all have said what they watch.
const SETTLE = 50;

/** What of the browser is needed; a test has its own. */
export interface Surroundings {
  open(url: string): Source;
  /** Whether the server answers. */
  reachable(): Promise<boolean>;
  hidden(): boolean;
  /** Calls back whenever the tab is hidden or seen. */
  onVisibility(changed: () => void): void;
  now(): number;
}

/** As an EventSource. */
export interface Source {
  addEventListener(name: string, heard: (event: { data?: unknown }) => void): void;
  close(): void;
}

interface Watch {
  readonly ids: ReadonlySet<string>;
  readonly onChange: OnChange;
}

export class LiveChanges {
  private readonly around: Surroundings;
  private readonly watches = new Set<Watch>();
  private readonly heeding = new Set<() => void>();
  private versions = new Map<string, string>();
  private source: Source | null = null;
  private opened = "";
  private settling: ReturnType<typeof setTimeout> | undefined;
  private polling: ReturnType<typeof setInterval> | undefined;
  private retrying: ReturnType<typeof setTimeout> | undefined;
  private current: Connection = { state: "live" };

  constructor(around: Surroundings) {
    this.around = around;
    around.onVisibility(() => this.settle(true));
  }

  /** Calls back with those of the experiments that changed, until the returned function is called. */
  watch(experimentIds: readonly string[], onChange: OnChange): () => void {
    const watch = { ids: new Set(experimentIds), onChange };
    this.watches.add(watch);
    this.settleSoon();
    return () => {
      if (this.watches.delete(watch)) this.settleSoon();
    };
  }

  /** How changes come in just now; the same object until that is another. */
  connection = (): Connection => this.current;

  /** Calls back when `connection` is another, until the returned function is called. */
  heed = (changed: () => void): (() => void) => {
    this.heeding.add(changed);
    return () => this.heeding.delete(changed);
  };

  private settleSoon(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(false), SETTLE);
  }

  /** Opens or closes what is needed for those who watch now. */
  private settle(seen: boolean): void {
    const ids = this.ids();
    const wanted = this.around.hidden() ? "" : ids.join(",");
    if (wanted === this.opened) return;
    this.rest();
    this.opened = wanted;
    if (!wanted) return;
    // What changed while nobody looked is not known: versions are compared with those of before, if there are any.
    if (seen && this.current.state !== "live") this.tell(ids);
    this.listen();
  }

  private listen(): void {
    const wanted = this.opened;
    const source = this.around.open(`/api/v1/events?experiment_ids=${encodeURIComponent(wanted)}`);
    this.source = source;
    const mine = () => this.source === source;
    source.addEventListener("hello", (event) => {
      const hello = parsed<{ versions: Record<string, string>; live: boolean }>(event.data);
      if (!mine() || hello === null) return;
      if (!hello.live) {
        // This server never tells; to listen on would only hold a connection.
        this.silence();
        this.poll();
        return;
      }
      this.stopPolling();
      this.become({ state: "live" });
      this.compare(hello.versions);
    });
    source.addEventListener("changed", (event) => {
      const changed = parsed<{ experiment_id: string; version: string }>(event.data);
      if (mine() && changed !== null) this.compare({ [changed.experiment_id]: changed.version });
    });
    source.addEventListener("error", () => {
      if (!mine()) return;
      // A browser tries again by itself in some cases only, and would do so without end.
      this.silence();
      this.poll();
      this.retrying = setTimeout(() => this.listen(), RETRY_AFTER);
      void this.look();
    });
  }

  private poll(): void {
    if (this.polling !== undefined) return;
    if (this.current.state === "live") this.become({ state: "polling" });
    this.polling = setInterval(() => void this.look().then((there) => there && this.tell(this.ids())), POLL_EVERY);
  }

  /** Finds out whether the server answers; one that is back is listened to at once. */
  private async look(): Promise<boolean> {
    const wanted = this.opened;
    const there = await this.around.reachable();
    if (this.polling === undefined || wanted !== this.opened) return false;
    const gone = this.current.state === "disconnected";
    if (!there && !gone) this.become({ state: "disconnected", since: this.around.now() });
    if (there && gone) {
      this.become({ state: "polling" });
      if (this.retrying !== undefined) {
        clearTimeout(this.retrying);
        this.retrying = undefined;
        this.listen();
      }
    }
    return there;
  }

  /** Tells of those whose version is another than the one known; a version that comes first tells nothing. */
  private compare(versions: Readonly<Record<string, string>>): void {
    const changed: string[] = [];
    for (const [id, version] of Object.entries(versions)) {
      const known = this.versions.get(id);
      if (known !== undefined && known !== version) changed.push(id);
      this.versions.set(id, version);
    }
    this.tell(changed);
  }

  private tell(changed: readonly string[]): void {
    for (const watch of [...this.watches]) {
      const own = changed.filter((id) => watch.ids.has(id));
      if (own.length > 0) watch.onChange(own);
    }
  }

  private ids(): string[] {
    return [...new Set([...this.watches].flatMap((watch) => [...watch.ids]))].sort();
  }

  private rest(): void {
    this.silence();
    this.stopPolling();
    // Of experiments that nobody watches any more a version would be an old one when somebody does again.
    const watched = new Set(this.ids());
    for (const id of this.versions.keys()) if (!watched.has(id)) this.versions.delete(id);
  }

  private silence(): void {
    this.source?.close();
    this.source = null;
    clearTimeout(this.retrying);
    this.retrying = undefined;
  }

  private stopPolling(): void {
    clearInterval(this.polling);
    this.polling = undefined;
  }

  private become(connection: Connection): void {
    this.current = connection;
    for (const changed of [...this.heeding]) changed();
  }
}

function parsed<T>(data: unknown): T | null {
  try {
    return JSON.parse(String(data)) as T;
  } catch {
    return null;
  }
}

const browser: Surroundings = {
  open: (url) => new EventSource(url) as Source,
  reachable: () =>
    fetch("/api/v1/server", { cache: "no-store" }).then(
      (answer) => answer.ok,
      () => false,
    ),
  hidden: () => document.hidden,
  onVisibility: (changed) => document.addEventListener("visibilitychange", changed),
  now: () => Date.now(),
};

let shared: LiveChanges | undefined;

/** The tab's own; made when it is first needed. */
export function liveChanges(): LiveChanges {
  return (shared ??= new LiveChanges(browser));
}

/**
 * Calls back with those of these experiments that changed, at most once a second for each, until the returned function
 * is called. Without a stream it is called every five seconds with all of them.
 */
export function watchExperiments(experimentIds: readonly string[], onChange: OnChange): () => void {
  return liveChanges().watch(experimentIds, onChange);
}
