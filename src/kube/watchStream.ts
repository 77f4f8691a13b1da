/** Decodes the body of a watch: one JSON object a line. Whatever is not one is an error, never skipped. */
import { errorOfStatus, KubeError } from "./kubeError.ts";
import type { KubeObject } from "./object.ts";

export type WatchEvent<T extends KubeObject = KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; resourceVersion: string };

/** Splits chunks into lines; a last line without newline is an error, because it may have been cut. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decode(decoder, chunk)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield line;
  }
  if (rest.trim() !== "") throw new KubeError("Protocol", `the watch ended within a line: ${quote(rest)}`);
}

/** The event of one line. Throws the KubeError of an ERROR event, and "Protocol" for anything that is no event. */
export function parseWatchEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const { type, object } = parseJson(line);
  if (type === "ERROR") throw errorOfStatus("watch", 500, object);
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  const { name, resourceVersion } = metadata;
  if (typeof resourceVersion === "string") {
    if (type === "BOOKMARK") return { type, resourceVersion };
    if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED") && typeof name === "string") return { type, object: object as T };
  }
  throw new KubeError("Protocol", `not a watch event: ${quote(line)}`);
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new KubeError("Protocol", "the watch sent bytes that are not UTF-8", { cause });
  }
}

function parseJson(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : {};
  } catch (cause) {
    throw new KubeError("Protocol", `the watch sent a line that is not JSON: ${quote(line)}`, { cause });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
