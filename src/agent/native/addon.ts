/** The only file that loads the addon. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Core, CoreError, StartOptions } from "./core.ts";
import type { StartDialer } from "./dialer.ts";
import type { CoreEvent } from "./events.ts";
import type { ForecastCandidate, LossForecast } from "./forecast.ts";
import type { Ipvs, IpvsEvent, IpvsOptions } from "./ipvs.ts";
import type { Nat } from "./nat.ts";

interface Addon extends Nat {
  /** Runs the election in virtual time with the engine of the core. `active`: place of the MASTER among the candidates. */
  forecast(candidates: ForecastCandidate[], active: number): ({ ok: true } & LossForecast) | { ok: false; error: CoreError };
  /** Gives back the pages of Node's executable: those that are needed again come back by themselves. */
  releaseProgramPages(): void;
  start(options: StartOptions, onEvents: (batch: CoreEvent[]) => void): { ok: true; core: Core } | { ok: false; error: CoreError };
  startDialer: StartDialer;
  startIpvs(options: IpvsOptions, onEvents: (batch: IpvsEvent[]) => void): { ok: true; ipvs: Ipvs } | { ok: false; error: CoreError };
  version: string;
}

/**
 * Where the build puts the addon; the same place seen from src/agent/native and from dist/agent/native.
 * @throws Error with code ALOFT_ADDON_MISSING when it is not built or was built for another machine.
 */
export function loadAddon(): Addon {
  const path = fileURLToPath(new URL("../../../build/native/aloft.node", import.meta.url));
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw Object.assign(new Error(`cannot load the native core from ${path}: run "npm run build"`, { cause }), {
      code: "ALOFT_ADDON_MISSING",
    });
  }
}
