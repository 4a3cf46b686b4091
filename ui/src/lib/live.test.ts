import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveChanges, POLL_EVERY, RETRY_AFTER } from "./live";
import type { Source, Surroundings } from "./live";

class Stream implements Source {
  readonly heard = new Map<string, ((event: { data?: unknown }) => void)[]>();
  closed = false;

  constructor(readonly url: string) {}

  addEventListener(name: string, heard: (event: { data?: unknown }) => void): void {
    this.heard.set(name, [...(this.heard.get(name) ?? []), heard]);
  }

  close(): void {
    this.closed = true;
  }

  say(name: string, data?: unknown): void {
    for (const hear of this.heard.get(name) ?? []) hear({ data: data === undefined ? undefined : JSON.stringify(data) });
  }

  hello(versions: Record<string, string>, live = true): void {
    this.say("hello", { versions, live });
  }

  changed(id: string, version: string): void {
    this.say("changed", { experiment_id: id, version });
  }
}

class Tab implements Surroundings {
  readonly streams: Stream[] = [];
  isHidden = false;
  isThere = true;
  private changed: () => void = () => undefined;

  open(url: string): Stream {
    const stream = new Stream(url);
    this.streams.push(stream);
    return stream;
  }

  reachable(): Promise<boolean> {
    return Promise.resolve(this.isThere);
  }

  hidden(): boolean {
    return this.isHidden;
  }

  onVisibility(changed: () => void): void {
    this.changed = changed;
  }

  now(): number {
    return 1234;
  }

  hide(hidden: boolean): void {
    this.isHidden = hidden;
    this.changed();
  }

  get last(): Stream {
    return this.streams[this.streams.length - 1]!;
  }

  get open_(): number {
    return this.streams.filter((stream) => !stream.closed).length;
  }
}

let tab: Tab;
let live: LiveChanges;
const settled = () => vi.advanceTimersByTimeAsync(100);

beforeEach(() => {
  vi.useFakeTimers();
  tab = new Tab();
  live = new LiveChanges(tab);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a stream", () => {
  it("is one for all who watch, and each hears of its own", async () => {
    const one = vi.fn();
    const two = vi.fn();
    live.watch(["2", "1"], one);
    live.watch(["2", "3"], two);
    await settled();
    expect(tab.streams.map((stream) => stream.url)).toEqual(["/api/v1/events?experiment_ids=1%2C2%2C3"]);
    tab.last.hello({ "1": "a", "2": "a" });
    expect([one.mock.calls, two.mock.calls]).toEqual([[], []]);
    tab.last.changed("1", "b");
    tab.last.changed("2", "b");
    tab.last.changed("2", "b");
    expect(one.mock.calls).toEqual([[["1"]], [["2"]]]);
    expect(two.mock.calls).toEqual([[["2"]]]);
    expect(live.connection()).toEqual({ state: "live" });
  });

  it("is opened anew for others, and closed when nobody watches", async () => {
    const heard = vi.fn();
    const stop = live.watch(["1"], heard);
    await settled();
    tab.last.hello({ "1": "a" });
    const stopToo = live.watch(["1"], heard);
    await settled();
    expect(tab.streams.length).toBe(1);
    const stopOther = live.watch(["2"], heard);
    await settled();
    expect([tab.streams.length, tab.open_]).toEqual([2, 1]);
    // What changed between the two streams is not lost.
    tab.last.hello({ "1": "b", "2": "a" });
    expect(heard.mock.calls).toEqual([[["1"]], [["1"]]]);
    tab.streams[0]!.changed("1", "c");
    expect(heard.mock.calls.length).toBe(2);
    for (const end of [stop, stopToo, stopOther, stop]) end();
    await settled();
    expect(tab.open_).toBe(0);
  });

  it("may say what is no JSON", async () => {
    live.watch(["1"], vi.fn());
    await settled();
    for (const hear of tab.last.heard.get("hello")!) hear({ data: "<html>" });
    expect(live.connection()).toEqual({ state: "live" });
  });
});

describe("a tab that nobody sees", () => {
  it("rests, and catches up when it is seen", async () => {
    const heard = vi.fn();
    live.watch(["1"], heard);
    await settled();
    tab.last.hello({ "1": "a" });
    tab.hide(true);
    expect(tab.open_).toBe(0);
    await vi.advanceTimersByTimeAsync(10 * POLL_EVERY);
    expect(heard).not.toHaveBeenCalled();
    tab.hide(false);
    expect(tab.open_).toBe(1);
    tab.last.hello({ "1": "b" });
    expect(heard.mock.calls).toEqual([[["1"]]]);
  });

  it("asks at once when it is seen again and there is no stream", async () => {
    const heard = vi.fn();
    live.watch(["1"], heard);
    await settled();
    tab.last.hello({}, false);
    tab.hide(true);
    await vi.advanceTimersByTimeAsync(10 * POLL_EVERY);
    expect(heard).not.toHaveBeenCalled();
    tab.hide(false);
    expect(heard.mock.calls).toEqual([[["1"]]]);
  });
});

describe("without a stream", () => {
  it("all are told every five seconds, and the stream is tried again", async () => {
    const heard = vi.fn();
    const states: string[] = [];
    live.heed(() => states.push(live.connection().state));
    live.watch(["1"], heard);
    await settled();
    tab.last.say("error");
    expect([tab.open_, live.connection()]).toEqual([0, { state: "polling" }]);
    await vi.advanceTimersByTimeAsync(2 * POLL_EVERY + 10);
    expect(heard.mock.calls).toEqual([[["1"]], [["1"]]]);
    await vi.advanceTimersByTimeAsync(RETRY_AFTER);
    expect(tab.open_).toBe(1);
    tab.last.hello({ "1": "a" });
    heard.mockClear();
    await vi.advanceTimersByTimeAsync(3 * POLL_EVERY);
    expect(heard).not.toHaveBeenCalled();
    expect(states).toEqual(["polling", "live"]);
  });

  it("it is said since when the server is gone, and it is listened to as soon as it is back", async () => {
    const heard = vi.fn();
    live.watch(["1"], heard);
    await settled();
    tab.last.hello({ "1": "a" });
    tab.isThere = false;
    tab.last.say("error");
    await settled();
    expect(live.connection()).toEqual({ state: "disconnected", since: 1234 });
    await vi.advanceTimersByTimeAsync(POLL_EVERY);
    expect(heard).not.toHaveBeenCalled();
    tab.isThere = true;
    await vi.advanceTimersByTimeAsync(POLL_EVERY);
    expect([tab.open_, live.connection().state]).toEqual([1, "polling"]);
    tab.last.hello({ "1": "b" });
    expect(live.connection()).toEqual({ state: "live" });
    expect(heard).toHaveBeenCalledWith(["1"]);
  });

  it("a server that never tells is not listened to", async () => {
    const heard = vi.fn();
    const stop = live.watch(["1"], heard);
    await settled();
    tab.last.hello({}, false);
    await vi.advanceTimersByTimeAsync(POLL_EVERY + RETRY_AFTER);
    expect([tab.streams.length, tab.open_, live.connection().state]).toEqual([1, 0, "polling"]);
    expect(heard.mock.calls.length).toBe(7);
    stop();
    await vi.advanceTimersByTimeAsync(POLL_EVERY * 2);
    expect(heard.mock.calls.length).toBe(7);
  });
});
