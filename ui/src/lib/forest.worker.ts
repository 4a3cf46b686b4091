/** Grows a forest away from the page, which stays awake meanwhile. */

import { type ForestOptions, importances, type Input } from "./forest";

export interface ForestAsk {
  readonly inputs: readonly Input[];
  readonly outcome: readonly number[];
  readonly options?: ForestOptions;
}

self.addEventListener("message", ({ data }: MessageEvent<ForestAsk>) => {
  self.postMessage(importances(data.inputs, data.outcome, data.options));
});
