import { beforeEach, expect, test, vi } from "vitest";
import { current, dismiss, notify, undoLast } from "./notices";

beforeEach(() => {
  for (const notice of current()) dismiss(notice.id);
});

test("the newest four are kept", () => {
  for (const text of ["a", "b", "c", "d", "e"]) notify({ text, kind: "done" });
  expect(current().map((notice) => notice.text)).toEqual(["b", "c", "d", "e"]);
});

test("undo takes back the newest that can be, once", () => {
  const first = vi.fn();
  const second = vi.fn();
  notify({ text: "first", kind: "done", undo: first });
  notify({ text: "second", kind: "done", undo: second });
  notify({ text: "said only", kind: "done" });
  expect(undoLast()).toBe(true);
  expect([first.mock.calls.length, second.mock.calls.length]).toEqual([0, 1]);
  expect(undoLast()).toBe(true);
  expect(first).toHaveBeenCalledTimes(1);
  expect(undoLast()).toBe(false);
  expect(current().map((notice) => notice.text)).toEqual(["said only"]);
});

test("a way back that fails is said", async () => {
  notify({ text: "deleted", kind: "done", undo: () => Promise.reject(new Error("The name is taken.")) });
  undoLast();
  await vi.waitFor(() =>
    expect(current()).toMatchObject([{ kind: "failed", text: "It could not be taken back: The name is taken." }]),
  );
});
