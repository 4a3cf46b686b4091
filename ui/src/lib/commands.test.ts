import { describe, expect, test } from "vitest";
import { type Command, isEditing, keyName, resolve } from "./commands";

const press = (key: string, more: Partial<KeyboardEvent> = {}) =>
  keyName({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

const commands: Command[] = ["g e", "g m", "e", "?", "mod+k", "shift+Enter"].map((keys) => ({
  id: keys,
  label: keys,
  group: "Test",
  keys,
  run: () => undefined,
}));

test.each([
  ["K", { ctrlKey: true }, "mod+k"],
  ["k", { metaKey: true }, "mod+k"],
  ["?", { shiftKey: true }, "?"],
  ["X", { shiftKey: true }, "shift+x"],
  ["Enter", { shiftKey: true }, "shift+Enter"],
  ["ArrowUp", { altKey: true }, "alt+ArrowUp"],
])("%s with %o is %s", (key, more, name) => {
  expect(press(key, more)).toBe(name);
});

describe("keys one after another", () => {
  test("the second key in time makes the pair", () => {
    const first = resolve(commands, null, "g", 1000);
    expect(first.run).toBeUndefined();
    expect(first.waits).toEqual({ name: "g", at: 1000 });
    expect(resolve(commands, first.waits, "m", 1900).run?.id).toBe("g m");
  });

  test("too late the second key stands for itself", () => {
    const first = resolve(commands, null, "g", 1000);
    expect(resolve(commands, first.waits, "e", 5000).run?.id).toBe("e");
  });

  test("a second key that makes no pair stands for itself", () => {
    const first = resolve(commands, null, "g", 1000);
    expect(resolve(commands, first.waits, "?", 1100).run?.id).toBe("?");
  });

  test("a pair goes before the single key", () => {
    const first = resolve(commands, null, "g", 1000);
    expect(resolve(commands, first.waits, "e", 1100).run?.id).toBe("g e");
  });

  test("a key that begins nothing is not waited for", () => {
    expect(resolve(commands, null, "q", 1000)).toEqual({ run: undefined, waits: null });
  });
});

test.each([
  ["mod+z", true],
  ["mod+shift+z", true],
  ["mod+c", true],
  ["x", true],
  ["?", true],
  ["mod+k", false],
  ["mod+b", true],
])("in a field of text %s belongs to the field: %s", (name, belongs) => {
  expect(isEditing(name)).toBe(belongs);
});
