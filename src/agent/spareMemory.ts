import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { loadAddon } from "./native/addon.ts";

/** Not while the elections that a new configuration begins keep JavaScript busy. */
const delayMs = 2000;
let pending: NodeJS.Timeout | undefined;

/**
 * Gives back, in a while, what the start and reading a configuration took: 35 MB of Node's executable that nothing but a start needs, and of
 * a file of 1,000 VirtualIPs 18 MB in pages that V8 would keep for ever.
 * JavaScript stands still for some 50 ms meanwhile, which no election notices.
 */
export function spareMemory(): void {
  // Once for all that are read meanwhile: a hundred reloads in a row must not stop JavaScript a hundred times.
  pending ??= setTimeout(() => {
    pending = undefined;
    setFlagsFromString("--expose-gc");
    const collect: (options: object) => void = runInNewContext("gc");
    collect({ execution: "sync", type: "major", flavor: "last-resort" });
    loadAddon().releaseProgramPages();
  }, delayMs);
  pending.unref();
}
