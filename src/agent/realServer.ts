/** The agent of a host that is a real server and nothing else: the addresses that a director serves by DR or TUN, until it is stopped. */
import type { TunnelDevice } from "../api/nodeAgent.ts";
import { type Clock, systemClock as clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { Shutdown } from "../runtime/shutdown.ts";
import { FixedSecrets } from "./credentials/secrets.ts";
import { serveProbes, startHost } from "./host.ts";
import { kernelHas } from "./kernelSettings/kernelAddresses.ts";
import type { DesiredAddress } from "./native/desiredState.ts";
import type { AgentOptions } from "./options.ts";
import { LocalPrograms } from "./programs/localPrograms.ts";
import { spareMemory } from "./spareMemory.ts";

export interface RealServerRole {
  addresses: string[];
  tunnels: TunnelDevice[];
}

/** How long the addresses are waited for before it is said that they are missing. */
const standLimitMs = 2000;
const standPollMs = 20;

/** @throws Error with a code and a sentence when it cannot start. */
export async function runRealServer(role: RealServerRole, options: AgentOptions, log: Logger, shutdown: Shutdown): Promise<void> {
  const programs = new LocalPrograms({ allowedDirectories: [], perProgramUser: false, clock, log });
  const parts = { programs, secrets: new FixedSecrets(), makesFiles: false, staysPrepared: false, elects: false };
  const host = await startHost(options, parts, log, shutdown);
  process.on("SIGHUP", () => log.info({}, "there is nothing to reload: the command line is the configuration"));
  // There is no VirtualServer here that they could be of.
  const realServers = [{ namespace: "default", name: options.node, ...role }];
  const { rejected, coreError, desired } = await host.runner.apply({ virtualRouters: [], realServers }, { wholeOrNothing: true });
  const [problem] = coreError ? [coreError] : rejected;
  if (problem) throw Object.assign(new Error(problem.message), { code: "ALOFT_CONFIGURATION" });
  await serveProbes(options, host, {}, log);
  const missing = await missingAddresses(desired.static?.addresses ?? [], clock);
  if (missing.length > 0) log.error({ missing }, "addresses do not stand; they are tried again");
  spareMemory();
  log.info({ ...role, problems: host.settings.problems }, "ready");
}

async function missingAddresses(wanted: readonly DesiredAddress[], time: Clock): Promise<string[]> {
  for (let waited = 0; ; waited += standPollMs) {
    const has = kernelHas();
    const missing = wanted.filter(({ address, interface: name = "" }) => !has({ interface: name, address }));
    if (missing.length === 0 || waited >= standLimitMs) return missing.map(({ address }) => address);
    await sleep(time, standPollMs);
  }
}
