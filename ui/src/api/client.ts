/** Requests to the server, checked against the types of its OpenAPI document. */

import createClient from "openapi-fetch";
import type { components, paths } from "../../generated/schema";
import { preferences } from "../lib/preferences";

/** Where a filter, or a term of an ordering, goes wrong; places are counted in code points. */
export type FilterMistake = components["schemas"]["FilterMistake"];

/** What the server said when it refused, or that it could not be reached (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  readonly mistake: FilterMistake | null;

  constructor(status: number, code: string, message: string, requestId = "", mistake: FilterMistake | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.mistake = mistake;
  }
}

const api = createClient<paths>({ baseUrl: "/", fetch: send });

export default api;

/** The data of an answer; throws ApiError where there is none. */
export async function answer<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  if (response.ok && data !== undefined) return data;
  throw refusal(response, error);
}

/** The same for a change, whose answer says nothing but that it is done. */
export async function done(request: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await request;
  if (!response.ok) throw refusal(response, error);
}

/** Bytes of an artifact as text. */
export async function readText(url: string, signal: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await readBytes(url, signal));
}

/** Bytes of an artifact, or of the part of it from `start` up to and without `end`. */
export async function readBytes(url: string, signal?: AbortSignal, start = 0, end?: number): Promise<Uint8Array<ArrayBuffer>> {
  if (end !== undefined && end <= start) return new Uint8Array();
  const part: HeadersInit = end === undefined ? {} : { range: `bytes=${start}-${end - 1}` };
  const response = await send(new Request(url, { signal: signal ?? null, headers: part }));
  if (response.status === 416) return new Uint8Array();
  if (!response.ok) throw refusal(response, await response.json().catch(() => null));
  const bytes = new Uint8Array(await response.arrayBuffer());
  // A store that knows no parts has sent the whole.
  return response.status === 200 && end !== undefined ? bytes.slice(start, end) : bytes;
}

async function send(request: Request): Promise<Response> {
  const name = preferences().name.trim();
  // Nobody has to log in yet: who says a name has it recorded with what is changed.
  if (name && request.method !== "GET") request.headers.set("x-treering-user", encodeURIComponent(name));
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "UNREACHABLE", "The server does not answer. Check that it runs and that the network is up.");
  }
}

function refusal(response: Response, body: unknown): ApiError {
  const said = (typeof body === "object" && body !== null ? body : {}) as {
    error_code?: unknown;
    message?: unknown;
    mistake?: FilterMistake | null;
  };
  return new ApiError(
    response.status,
    typeof said.error_code === "string" ? said.error_code : response.statusText,
    typeof said.message === "string" ? said.message : `The server answered with status ${response.status}.`,
    response.headers.get("x-request-id") ?? "",
    said.mistake ?? null,
  );
}
