/** Requests to the server, checked against the types of its OpenAPI document. */

import createClient from "openapi-fetch";
import type { components, paths } from "../../generated/schema";

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

/** Bytes of an artifact as text. */
export async function readText(url: string, signal: AbortSignal): Promise<string> {
  const response = await send(new Request(url, { signal }));
  if (!response.ok) throw refusal(response, await response.json().catch(() => null));
  return response.text();
}

async function send(request: Request): Promise<Response> {
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
