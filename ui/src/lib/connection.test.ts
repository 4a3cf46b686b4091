import { expect, test } from "vitest";
import { ApiError } from "../api/client";
import { connection, hear } from "./connection";

test("the line is lost when no answer comes, and found again with the next one", () => {
  hear(null, 1000);
  expect(connection()).toEqual({ lost: false, heard: 1000 });
  hear(new ApiError(404, "RESOURCE_DOES_NOT_EXIST", "There is none."), 2000);
  expect(connection()).toEqual({ lost: false, heard: 2000 });
  hear(new ApiError(0, "UNREACHABLE", "The server does not answer."), 3000);
  expect(connection()).toEqual({ lost: true, heard: 2000 });
  hear(new TypeError("a fault of a page"), 4000);
  hear(new ApiError(503, "", "A gateway says that it is away."), 5000);
  expect(connection()).toEqual({ lost: true, heard: 2000 });
  hear(null, 6000);
  expect(connection()).toEqual({ lost: false, heard: 6000 });
});
