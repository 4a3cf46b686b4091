/** Figures of Vega and Vega-Lite. Their expressions are interpreted, never compiled to code, and nothing is loaded. */

import { type Loader, parse, type Spec, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";
import { loadedAddresses } from "../lib/jsontext";
import { isObject } from "../lib/tables";
import type { Look } from "./main";

const HEIGHT = 360;
const MARGIN = 120;

function refuse(): Promise<never> {
  return Promise.reject(new Error("nothing is loaded from an address."));
}
const LOADER: Loader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

export async function drawVega(box: HTMLElement, kind: "vega" | "vega-lite", given: unknown, look: Look): Promise<void> {
  if (!isObject(given)) throw new Error("It is no description of a figure.");
  const addresses = loadedAddresses(given);
  if (addresses.length > 0) throw new Error(`it would load ${addresses.join(", ")}, and figures here load nothing. Put the data into the file.`);
  const config = { background: "transparent", ...colours(look) };
  const complaints: string[] = [];
  const logger = quiet(complaints);
  let spec: Spec;
  if (kind === "vega-lite") {
    const width = Math.max(200, box.clientWidth - MARGIN);
    const sized: Record<string, unknown> = { ...(isPlain(given) ? { width, height: HEIGHT } : {}), ...given };
    // "container" asks for a size that only the page around knows.
    if (sized.width === "container") sized.width = width;
    if (sized.height === "container") sized.height = HEIGHT;
    spec = compile(sized as unknown as TopLevelSpec, { config, logger }).spec;
  } else spec = given as unknown as Spec;
  const view = new View(parse(spec, kind === "vega" ? config : {}, { ast: true }), {
    expr: expressionInterpreter,
    loader: LOADER,
    logger,
    renderer: "canvas",
    container: box,
    hover: true,
  });
  await view.runAsync();
}

/** Whether it is one chart whose size may be chosen for it; of several, each has a size of its own. */
function isPlain(spec: Record<string, unknown>): boolean {
  return !["facet", "concat", "hconcat", "vconcat", "repeat", "spec"].some((key) => key in spec);
}

function colours(look: Look): Record<string, unknown> {
  const axis = { labelColor: look.muted, titleColor: look.text, gridColor: look.border, domainColor: look.border, tickColor: look.border };
  const words = { labelColor: look.muted, titleColor: look.text };
  return { axis, legend: words, header: words, title: { color: look.text, subtitleColor: look.muted }, view: { stroke: null } };
}

function quiet(complaints: string[]) {
  const logger = {
    level: () => logger,
    error: (...said: readonly unknown[]) => {
      complaints.push(said.map(String).join(" "));
      return logger;
    },
    warn: () => logger,
    info: () => logger,
    debug: () => logger,
  };
  return logger as never;
}
