import type { Logger } from "../../runtime/log.ts";
import type { Host } from "../host.ts";
import type { CoreEvent } from "../native/events.ts";

/** Logs one line that names all virtual routers, once each of them has left INIT or waits for its startup delay. */
export function announceReady({ core, runner, onEvents }: Pick<Host, "core" | "runner" | "onEvents">, log: Logger): void {
  const routers = runner.applied?.desired.routers ?? [];
  const delayed = new Set(routers.filter(({ startupDelayMs = 0 }) => startupDelayMs > 0).map(({ key }) => key));
  const states = new Map<string, string>(routers.map(({ key }) => [key, "INIT"]));
  const look = () => {
    for (const { key, state } of core.snapshot().routers) if (states.has(key)) states.set(key, state);
  };
  const learn = (event: CoreEvent) => {
    if (event.type === "resync") look();
    else if (event.type === "stateChanged" && states.has(event.key)) states.set(event.key, event.to);
  };
  const announce = () => {
    if ([...states].some(([key, state]) => state === "INIT" && !delayed.has(key))) return;
    stop();
    log.info({ virtualRouters: [...states].map(([virtualRouter, state]) => ({ virtualRouter, state })) }, "ready");
  };
  const stop = onEvents((batch) => {
    batch.forEach(learn);
    announce();
  });
  look();
  announce();
}
