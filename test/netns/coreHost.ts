/**
 * A process that does what it is told with the core, and nothing else: the core's tests start it on a node of a LAN. Requests come, and events
 * and answers go, over the channel to its parent.
 */
import { loadAddon } from "../../src/agent/native/addon.ts";
import type { HeldAddress } from "../../src/agent/native/core.ts";
import type { CheckResult, DesiredState } from "../../src/agent/native/desiredState.ts";
import type { CoreEvent } from "../../src/agent/native/events.ts";
import type { Snapshot } from "../../src/agent/native/snapshot.ts";

export type Request =
  | { do: "start"; heldAddresses: HeldAddress[]; realTime: boolean; gate: boolean }
  | { do: "apply"; desired: DesiredState }
  | { do: "setChecks"; results: CheckResult[] }
  | { do: "snapshot" }
  | { do: "stop"; keepAddresses: boolean }
  /** Keeps JavaScript busy. */
  | { do: "block"; milliseconds: number };

export type Message = { answer: number; result: unknown } | { events: CoreEvent[] };

export interface Answers {
  start: { ok: boolean };
  apply: { ok: boolean };
  setChecks: { ok: boolean };
  snapshot: Snapshot;
  stop: { ok: boolean };
  block: number;
}

if (process.send) serve();

function serve(): void {
  const addon = loadAddon();
  let core: ReturnType<typeof loadCore> | undefined;
  const send = (message: Message) => process.send?.(message);

  function loadCore(request: Request & { do: "start" }) {
    const started = addon.start(request, (events) => send({ events }));
    if (!started.ok) throw new Error(started.error.message);
    return started.core;
  }

  async function perform(request: Request): Promise<unknown> {
    if (request.do === "start") {
      core = loadCore(request);
      return { ok: true };
    }
    if (request.do === "block") return block(request.milliseconds);
    if (!core) throw new Error("not started");
    if (request.do === "apply") return core.apply(request.desired);
    if (request.do === "setChecks") return core.setChecks(request.results);
    return request.do === "stop" ? await core.stop(request) : core.snapshot();
  }

  process.on("message", async ({ id, request }: { id: number; request: Request }) => send({ answer: id, result: await perform(request) }));
  process.on("disconnect", () => process.exit());
}

/** Spins, and makes garbage. Returns how many objects it made. */
function block(milliseconds: number): number {
  const end = performance.now() + milliseconds;
  let made = 0;
  let garbage: object[] = [];
  while (performance.now() < end) {
    garbage.push({ made: made++ });
    if (garbage.length > 100_000) garbage = [];
  }
  return made;
}
