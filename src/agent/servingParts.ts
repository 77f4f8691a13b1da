/** What serves virtual servers on a node, put together. Loaded when there is something to serve. */
import type { NodeVirtualServer } from "../api/nodeAgent.ts";
import { addressesOfNode } from "./addressesOfNode.ts";
import type { TlsMaterial } from "./checks/tls.ts";
import { HealthRunner } from "./healthChecks/healthRunner.ts";
import type { LoadBalancingOptions } from "./loadBalancing.ts";
import type { Core } from "./native/core.ts";
import type { HeldServiceJournal } from "./state/heldServices.ts";
import type { HeldTableJournal } from "./state/heldTables.ts";
import { HealthFile } from "./virtualServers/healthFile.ts";
import { KernelTable } from "./virtualServers/kernelTable.ts";
import { NatTable } from "./virtualServers/natTable.ts";
import { ServerNotifier } from "./virtualServers/serverNotifier.ts";
import { VirtualServers } from "./virtualServers/virtualServers.ts";

export interface ServingParts {
  table: KernelTable;
  nat: NatTable;
  health: HealthRunner;
  file: HealthFile;
  servers: VirtualServers;
  notifier: ServerNotifier;
}

export interface ServingPartsOptions
  extends Pick<
    LoadBalancingOptions,
    "core" | "startDialer" | "startIpvs" | "nat" | "node" | "stateDirectory" | "programs" | "clock" | "log"
  > {
  services: HeldServiceJournal;
  tables: HeldTableJournal;
  /** What the node has for the time being. */
  named(): readonly NodeVirtualServer[] | undefined;
  certificates(name: string): TlsMaterial | undefined;
  /** A status may be another one. */
  onStatus(): void;
}

export async function createServingParts(options: ServingPartsOptions): Promise<ServingParts> {
  const { core, startDialer, startIpvs, node, stateDirectory, certificates, onStatus, clock } = options;
  const programs = await options.programs.load();
  const log = options.log.child({ component: "virtual servers" });
  const file = new HealthFile({ stateDirectory, clock, log });
  const notifier = new ServerNotifier({ node, programs, clock, log: options.log.child({ component: "notify" }) });
  const table = new KernelTable({ startIpvs, journal: options.services, onChange: onStatus, log });
  const nat = new NatTable({ nat: options.nat, journal: options.tables, onChange: onStatus, clock, log });
  const health = new HealthRunner({
    startDialer,
    programs,
    certificates,
    node,
    clock,
    log: options.log.child({ component: "health checks" }),
    onChange: () => servers.changed(),
  });
  const servers: VirtualServers = new VirtualServers({
    table,
    health,
    restored: await file.read(),
    remember: (memory, unplanned) => file.put(memory, unplanned),
    addresses: () => addressesOfNode(core.snapshot(), options.named()),
    carried: () => carriedBy(core),
    tell: (changes) => notifier.tell(changes),
    onStatus,
    clock,
    log,
  });
  return { table, nat, health, file, servers, notifier };
}

/** What a real server has on lo does not count, nor what the node has for itself. */
function carriedBy(core: Pick<Core, "snapshot">): string[] {
  const masters = core.snapshot().routers.filter(({ state }) => state === "MASTER");
  return masters.flatMap(({ addressesHeld }) => addressesHeld.flatMap((held) => held.split("/")[0] ?? []));
}
