/** VirtualServers, endpoints and results of checks that the tests share. */
import type { HealthChecks, HealthResult, HealthTarget } from "../../../../src/agent/healthChecks/healthTarget.ts";
import type { Endpoint, ResolvedVirtualServer } from "../../../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { type VirtualServerInput, virtualServerSpecSchema } from "../../../../src/api/virtualServer.ts";

export interface ServerFields extends Partial<Omit<ResolvedVirtualServer, "spec">> {
  spec?: Partial<VirtualServerInput>;
}

export const tcp = { tcp: {} };

/** Two servers on 192.0.2.10:80, each with one TCP check. */
export function virtualServer({ spec = {}, ...fields }: ServerFields = {}): ResolvedVirtualServer {
  const basic: VirtualServerInput = {
    virtualIP: "web",
    ports: [{ port: 80 }],
    scheduler: "rr",
    realServers: [{ address: "10.0.0.1" }, { address: "10.0.0.2" }],
    healthChecks: [tcp],
    drainTimeout: "0s",
  };
  const merged = Object.fromEntries(Object.entries({ ...basic, ...spec }).filter(([, value]) => value !== undefined));
  return {
    namespace: "shop",
    name: "web",
    virtualIP: "web",
    addresses: ["192.0.2.10"],
    spec: virtualServerSpecSchema.parse(merged),
    ...fields,
  };
}

export function endpoint(address: string, fields: Partial<Endpoint> = {}): Endpoint {
  return { address, port: 8080, ready: true, serving: true, terminating: false, ...fields };
}

/** Health checks whose results the test sets. */
export class ScriptedHealth implements HealthChecks {
  targets: readonly HealthTarget[] = [];
  stopped = false;
  readonly #results = new Map<string, HealthResult>();
  onChange: () => void = () => {};
  #time = Date.UTC(2026, 0, 1);

  configure(targets: readonly HealthTarget[]): void {
    this.targets = targets;
  }

  /** By the initial state until a result is set, as the runner has it. */
  result(key: string): HealthResult | undefined {
    const target = this.targets.find((one) => one.key === key);
    if (!target) return undefined;
    return this.#results.get(key) ?? { key, up: target.check.initial === "Up", message: "" };
  }

  /** A result of the first check of a server, by its key. */
  set(server: string, up: boolean, fields: Partial<HealthResult> = {}): void {
    this.#time += 1000;
    for (const { key } of this.targets)
      if (key.includes(`/${server}/`)) {
        this.#results.set(key, { key, up, since: new Date(this.#time), message: up ? "" : "refused", ...fields });
      }
    this.onChange();
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.targets = [];
    return Promise.resolve();
  }
}
