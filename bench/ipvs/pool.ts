/** Many virtual servers, for either make. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { IpvsService } from "../../src/agent/native/ipvsState.ts";
import type { ResolvedVirtualServer } from "../../src/agent/virtualServers/resolvedVirtualServer.ts";
import { virtualServerSpecSchema } from "../../src/api/virtualServer.ts";

export interface PoolSettings {
  services: number;
  /** Of each service. */
  servers: number;
  scheduler: string;
}

/** One real server of this many gets another weight. */
const changedOf = 100;
const portsPerAddress = 250;
const firstPort = 1000;

/** `changed`: with other weights of one real server in a hundred. */
export function poolOf({ services, servers, scheduler }: PoolSettings, changed = false): IpvsService[] {
  return Array.from({ length: services }, (_, index) => {
    const port = firstPort + (index % portsPerAddress);
    const weight = (server: number) => (changed && (index * servers + server) % changedOf === 0 ? 5 : 1 + (server % 3));
    return {
      key: { family: "IPv4", protocol: "TCP", address: `10.1.0.${1 + Math.floor(index / portsPerAddress)}`, port },
      scheduler,
      destinations: Array.from({ length: servers }, (_, server) => ({
        address: `10.2.0.${1 + server}`,
        port,
        forwarding: "DR",
        weight: weight(server),
      })),
    };
  });
}

/**
 * The last real server is checked, but not before anything has been measured: when keepalived says that it activates the check, all of its
 * table stands.
 */
export function toConf(pool: readonly IpvsService[]): string {
  const last = pool.at(-1);
  const blocks = pool.map(({ key, scheduler, destinations }) =>
    [
      `virtual_server ${key.address} ${key.port} {`,
      `  lb_algo ${scheduler}`,
      "  lb_kind DR",
      "  protocol TCP",
      ...destinations.map(({ address, port, weight }, server) => {
        const isLast = key === last?.key && server === destinations.length - 1;
        return `  real_server ${address} ${port} {\n    weight ${weight}\n${isLast ? lateCheck : ""}  }`;
      }),
      "}",
    ].join("\n"),
  );
  return `${blocks.join("\n")}\n`;
}

const lateCheck = "    TCP_CHECK {\n      warmup 600\n    }\n";

/** What `ipvsadm -Sn` has of it, in any order. */
export function savedLines(pool: readonly IpvsService[]): Set<string> {
  return new Set(
    pool.flatMap(({ key, scheduler, destinations }) => [
      `-A -t ${key.address}:${key.port} -s ${scheduler}`,
      ...destinations.map((it) => `-a -t ${key.address}:${key.port} -r ${it.address}:${it.port} -g -w ${it.weight}`),
    ]),
  );
}

/** As VirtualServer objects; those that are as in `before` are the same ones, as they are where each comes when it changes. */
export function resolvedPool(pool: readonly IpvsService[], before: readonly ResolvedVirtualServer[] = []): ResolvedVirtualServer[] {
  return pool.map(({ key, scheduler, destinations }, index) => {
    const spec = virtualServerSpecSchema.parse({
      addresses: [key.address],
      ports: [{ port: key.port }],
      scheduler,
      forwarding: "DR",
      realServers: destinations.map(({ address, port, weight }) => ({ address, port, weight })),
    });
    const former = before[index];
    if (former && isDeepStrictEqual(former.spec, spec)) return former;
    return { namespace: "bench", name: `${key.address}-${key.port}`, addresses: [key.address ?? ""], spec };
  });
}
