import type { Ask } from "../core/room-api";

/**
 * Returns what sends requests to the server at `origin` (like `https://review.example`, empty for
 * the page's own) with a token.
 */
export function restAsk(origin: string, token: string): Ask {
  return async (method, path, body) => {
    const headers = new Headers({ authorization: `Bearer ${token}` });
    if (body !== undefined) headers.set("content-type", "application/json");
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${origin}/api/v1${path}`, { method, headers, ...text });
    return {
      status: response.status,
      bytes: async () => new Uint8Array(await response.arrayBuffer()),
      json: async () => (await response.json()) as unknown,
    };
  };
}
