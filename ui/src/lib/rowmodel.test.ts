import { describe, expect, test, vi } from "vitest";
import { BLOCK, Blocks, type Page } from "./blocks";
import { type Item, RowModel, type RunItem } from "./rowmodel";

const settle = () => new Promise((done) => setTimeout(done));

function keysFrom(keys: readonly string[]) {
  return (offset: number, limit: number): Promise<Page<{ key: string }>> =>
    Promise.resolve({ total: keys.length, version: "1", items: keys.slice(offset, offset + limit).map((key) => ({ key })) });
}

const named = (count: number, prefix = "r") => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe("a long list", () => {
  test("asks only for what is looked at, once", async () => {
    const load = vi.fn(keysFrom(named(100_000)));
    const blocks = new Blocks(load, () => undefined);
    blocks.want(0, 0);
    await settle();
    expect(blocks.total).toBe(100_000);
    blocks.want(50_000, 50_040);
    blocks.want(50_000, 50_040);
    await settle();
    expect(blocks.at(50_010)?.key).toBe("r50010");
    expect(blocks.at(70_000)).toBeUndefined();
    expect(load.mock.calls.map(([offset]) => offset)).toEqual([0, Math.floor(50_000 / BLOCK) * BLOCK]);
  });

  test("gives up what is no longer looked at", async () => {
    const signals: AbortSignal[] = [];
    const blocks = new Blocks((_offset, _limit, signal) => {
      signals.push(signal);
      return new Promise<Page<{ key: string }>>(() => undefined);
    }, () => undefined);
    blocks.total = 100_000;
    blocks.want(0, 10);
    blocks.want(90_000, 90_010);
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    blocks.close();
    expect(signals[1]!.aborted).toBe(true);
  });

  test("keeps its order while it is held, and takes new values", async () => {
    let runs = [{ key: "b", value: 1 }, { key: "a", value: 1 }];
    const blocks = new Blocks<{ key: string; value: number }>(
      () => Promise.resolve({ total: runs.length, version: "1", items: runs }),
      () => undefined,
    );
    blocks.want(0, 10);
    await settle();
    runs = [{ key: "c", value: 1 }, { key: "b", value: 2 }, { key: "a", value: 2 }];
    blocks.renew(true);
    blocks.want(0, 10);
    await settle();
    expect(blocks.loaded()).toEqual([{ key: "b", value: 2 }, { key: "a", value: 2 }]);
    expect([blocks.total, blocks.behind, blocks.arrived]).toEqual([2, true, 1]);
    blocks.renew(false);
    blocks.want(0, 10);
    await settle();
    expect(blocks.loaded().map((item) => item.key)).toEqual(["c", "b", "a"]);
    expect([blocks.total, blocks.behind, blocks.arrived]).toEqual([3, false, 0]);
  });

  test("gives the server's order to who asked for it, though news come in before the answer", async () => {
    let runs = [{ key: "b" }, { key: "a" }];
    const blocks = new Blocks<{ key: string }>(
      () => Promise.resolve({ total: runs.length, version: "1", items: runs }),
      () => undefined,
    );
    blocks.want(0, 10);
    await settle();
    runs = [{ key: "a" }];
    blocks.renew(false);
    blocks.want(0, 10);
    blocks.renew(true);
    blocks.want(0, 10);
    await settle();
    expect([blocks.total, blocks.behind, blocks.arrived]).toEqual([1, false, 0]);
    runs = [{ key: "c" }, { key: "a" }];
    blocks.renew(true);
    blocks.want(0, 10);
    await settle();
    expect([blocks.total, blocks.behind, blocks.arrived]).toEqual([1, true, 1]);
  });

  test("says what failed, and can be asked again", async () => {
    let broken = true;
    const load = keysFrom(["a"]);
    const blocks = new Blocks((offset, limit) => (broken ? Promise.reject(new Error("no")) : load(offset, limit)), () => undefined);
    blocks.want(0, 1);
    await settle();
    expect(blocks.error).toBeInstanceOf(Error);
    broken = false;
    blocks.want(0, 1);
    await settle();
    expect([blocks.error, blocks.total]).toEqual([null, 1]);
  });
});

function run(key: string, children = 0): RunItem {
  const rest = { status: "FINISHED", experimentId: "1", start: 0, end: null, user: "", active: true, parent: "", cells: {} };
  return { kind: "run", key, name: key, children, ...rest };
}

function tree(top: number, below: (key: string) => number): RowModel {
  const load = (items: readonly Item[]) => (offset: number, limit: number) =>
    Promise.resolve({ total: items.length, version: "1", items: items.slice(offset, offset + limit) });
  const children = (item: Item) => named(below(item.key), `${item.key}.`).map((key) => run(key, below(key)));
  return new RowModel({
    top: load(named(top).map((key) => run(key, below(key)))),
    below: (item) => load(children(item)),
  });
}

describe("rows with others below them", () => {
  const keys = (model: RowModel) => Array.from({ length: model.size }, (_, index) => model.row(index).item?.key);

  test("unfold to any depth, and fold again", async () => {
    const model = tree(3, (key) => (key === "r1" ? 2 : key === "r1.0" ? 1 : 0));
    model.want(0, 10);
    await settle();
    model.toggle(1);
    expect(model.size).toBe(4);
    await settle();
    model.toggle(2);
    await settle();
    expect(keys(model)).toEqual(["r0", "r1", "r1.0", "r1.0.0", "r1.1", "r2"]);
    expect([0, 1, 2, 3, 4, 5].map((index) => model.row(index).depth)).toEqual([0, 0, 1, 2, 1, 0]);
    expect([model.find("r2"), model.row(1).open, model.row(3).open]).toEqual([5, true, false]);
    model.toggle(1);
    expect(keys(model)).toEqual(["r0", "r1", "r2"]);
  });

  test("that come into an empty table are found, and so are those of a table that became short", async () => {
    let keys: string[] = [];
    const load = (offset: number, limit: number) =>
      Promise.resolve({ total: keys.length, version: "1", items: keys.slice(offset, offset + limit).map((key) => ({ kind: "run", key }) as RunItem) });
    const model = new RowModel({ top: load, below: () => load });
    model.want(0, 60);
    await settle();
    expect(model.size).toBe(0);
    keys = named(1000);
    model.renew(false, 0, 60);
    await settle();
    expect(model.size).toBe(1000);
    keys = named(5);
    model.renew(false, 900, 960);
    await settle();
    model.renew(false, 900, 960);
    await settle();
    expect(model.size).toBe(5);
  });

  test("are found among many, wherever they are", async () => {
    const model = tree(10_000, (key) => (key === "r5000" || key === "r20" ? 5000 : 0));
    model.want(0, 30);
    await settle();
    model.toggle(20);
    await settle();
    model.want(10_000, 10_040);
    await settle();
    expect(model.row(10_000).item?.key).toBe("r5000");
    model.toggle(10_000);
    await settle();
    expect(model.size).toBe(20_000);
    model.want(10_000, 15_003);
    await settle();
    expect(model.row(15_000).item?.key).toBe("r5000.4999");
    expect(model.row(15_001).item?.key).toBe("r5001");
    expect(model.row(20 + 4000).item?.key).toBeUndefined();
    model.want(4000, 4100);
    await settle();
    expect(model.row(20 + 4000).item?.key).toBe("r20.3999");
  });

  test("agree with a list that is laid out whole, whatever is unfolded", async () => {
    const below = (key: string) => (key.split(".").length < 3 ? key.length % 4 : 0);
    const model = tree(60, below);
    model.want(0, 100);
    await settle();
    let chance = 7;
    for (let step = 0; step < 40; step++) {
      chance = (chance * 48271) % 2147483647;
      model.toggle(chance % model.size);
      model.want(0, model.size + 10);
      await settle();
    }
    const open = new Set(Array.from({ length: model.size }, (_, index) => model.row(index)).filter((row) => row.open).map((row) => row.item?.key));
    const laid = (prefix: string, count: number): string[] =>
      named(count, prefix).flatMap((key) => [key, ...(open.has(key) ? laid(`${key}.`, below(key)) : [])]);
    expect(keys(model)).toEqual(laid("r", 60));
  });
});
