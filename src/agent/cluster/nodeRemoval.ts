/**
 * Whether this node was taken out of the cluster. With its Node the garbage collector takes its NodeAgent, perhaps before the operator has
 * emptied that: who heard only that there is no NodeAgent any more would go on answering, and nobody in the cluster would know.
 */
import { z } from "zod";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/log.ts";
import { type ApiClient, ApiError } from "./apiClient.ts";

const askEveryMs = 10_000;
const notFound = 404;
const listSchema = z.object({ items: z.array(z.unknown()) });

export interface RemovalOptions {
  client: Pick<ApiClient, "request">;
  node: string;
  clock: Clock;
  log: Logger;
  signal: AbortSignal;
  /** It was removed. */
  onRemoved(): void;
}

export class NodeRemoval {
  readonly #options: RemovalOptions;
  #stop: AbortController | undefined;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** There is no NodeAgent: looks for the Node, again and again, until it is known to be gone, or the NodeAgent is back. */
  onMissing(): void {
    if (this.#stop) return;
    this.#stop = new AbortController();
    void this.#look(AbortSignal.any([this.#stop.signal, this.#options.signal]));
  }

  onPresent(): void {
    this.#stop?.abort();
    this.#stop = undefined;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, log, onRemoved } = this.#options;
    while (!signal.aborted) {
      const isRemoved = await this.#isRemoved(signal).catch((error: unknown) => {
        log.debug({ error }, "cannot look for the Node of this node");
        return false;
      });
      if (signal.aborted) return;
      if (isRemoved) {
        log.warn({}, "this node was removed from the cluster: what runs is withdrawn");
        onRemoved();
        return;
      }
      await sleep(clock, askEveryMs, signal);
    }
  }

  /** A cluster without any Node is one that was lost, or is being restored: that says nothing. @throws ApiError */
  async #isRemoved(signal: AbortSignal): Promise<boolean> {
    const { client, node } = this.#options;
    const get = (path: string) => client.request({ method: "GET", path: `/api/v1/nodes${path}`, signal });
    try {
      await get(`/${encodeURIComponent(node)}`);
      return false;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== notFound) throw error;
    }
    return (listSchema.safeParse(await get("?limit=1")).data?.items.length ?? 0) > 0;
  }
}
