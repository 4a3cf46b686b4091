/** Places the boxes of a graph so that few lines cross; runs beside the page, which stays quick meanwhile. */

import { place } from "../lib/placing";
import type { LayoutRequest } from "../lib/graph";

self.onmessage = (event: MessageEvent<{ ticket: number; request: LayoutRequest }>) => {
  const { ticket, request } = event.data;
  self.postMessage({ ticket, layout: place(request) });
};
