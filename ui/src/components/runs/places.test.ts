import { describe, expect, it } from "vitest";
import { Places } from "./places";

const shown = (places: Places, ...indices: number[]) => places.of(indices).map((line) => line.place);

describe("places of rows", () => {
  it("are taken over by the rows that come, from those that go", () => {
    const places = new Places();
    expect(shown(places, 0, 1, 2, 3)).toEqual([0, 1, 2, 3]);
    expect(shown(places, 2, 3, 4, 5)).toEqual([2, 3, 0, 1]);
    expect(shown(places, 2, 3, 4, 5)).toEqual([2, 3, 0, 1]);
    expect(shown(places, 90, 91, 92, 93)).toEqual([0, 1, 2, 3]);
  });

  it("are kept by a row that stays while all others go", () => {
    const places = new Places();
    shown(places, 0, 1, 2);
    expect(shown(places, 1, 70, 71)).toEqual([1, 0, 2]);
  });

  it("are as few as there are rows", () => {
    const places = new Places();
    shown(places, 0, 1, 2, 3, 4, 5);
    expect(shown(places, 4, 5)).toEqual([4, 5]);
    expect(shown(places, 6, 7, 8)).toEqual([0, 1, 2]);
  });
});
