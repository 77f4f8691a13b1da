/** real_server and sorry_server. */
import { type Family, formatAddress } from "../../../api/ipAddress.ts";
import type { VirtualServerInput } from "../../../api/virtualServer.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";
import type { GlobalSettings } from "../globalSettings.ts";
import { type CheckerContext, type PlannedCheck, planCheckers } from "./checkers.ts";
import { defaultForwarding, type Forwarding, planForwarding } from "./forwarding.ts";
import { planServerNotify } from "./serverNotify.ts";
import { readTiming, serverTiming, type Timing } from "./timing.ts";

export interface ServerContext {
  /** Of the virtual server. */
  block: CheckedBlock;
  globals: GlobalSettings;
  /** Those of the service that a real server may have: packets go as they come unless it is NAT. */
  ports: readonly number[];
  families: readonly Family[];
  tls: CheckerContext["tls"];
  trackFiles: CheckerContext["trackFiles"];
  diagnostics: Diagnostics;
}

type RealServer = NonNullable<VirtualServerInput["realServers"]>[number];
type SorryServer = NonNullable<VirtualServerInput["sorryServer"]>;

export interface PlannedServer {
  server: RealServer;
  statement: CheckedStatement;
  checks: PlannedCheck[];
  weight: number;
}

/** A second one of the same address and port is ignored, as in keepalived. */
export function planRealServers(context: ServerContext): PlannedServer[] {
  const seen = new Set<string>();
  return context.block.all("real_server").flatMap((statement) => {
    const planned = planRealServer(statement, context);
    if (!planned) return [];
    const { address, port } = planned.server;
    const key = `${address} ${port ?? ""}`;
    if (seen.has(key)) {
      context.diagnostics.warning("ignored", statement.position, `real_server ${quote(key.trim())} is here already: this one is ignored`);
      return [];
    }
    seen.add(key);
    return [planned];
  });
}

function planRealServer(statement: CheckedStatement, context: ServerContext): PlannedServer | undefined {
  const { block: service, globals, diagnostics } = context;
  const { block } = statement;
  const own = block && planForwarding(block.last("lvs_method"), diagnostics);
  const where = planEndpoint(statement, own ?? forwardingOf(context), context);
  if (!block || !where) return undefined;
  const weight = block.number("weight") ?? service.number("weight") ?? 1;
  const checks = planCheckers(block, () => checkerContext(statement, block, where.port, context));
  const onFailure = block.flag("inhibit_on_failure");
  const notify = planServerNotify(block, service, globals, diagnostics);
  const server: RealServer = {
    ...where,
    ...(block.last("weight") && { weight }),
    ...own,
    ...planThresholds(block, diagnostics),
    ...(checks.length > 0 && { healthChecks: checks.map(({ check }) => check) }),
    ...(onFailure !== undefined && { onFailure: onFailure ? "Drain" : "Remove" }),
    ...(notify && { notify }),
  };
  return { server, statement, checks, weight };
}

/** keepalived asks the port that the real server has written, even where the service has another or none. */
function checkerContext(
  statement: CheckedStatement,
  block: CheckedBlock,
  port: number | undefined,
  context: ServerContext,
): CheckerContext {
  const { block: service, tls, trackFiles, diagnostics } = context;
  const [written, serviceTiming] = [statement.number("port"), readTiming(service)];
  const timing: Timing = { ...serviceTiming, ...readTiming(block) };
  return {
    timing,
    serverDelayLoop: serviceTiming.delay_loop ?? serverTiming.delay_loop,
    port: written && written !== port ? written : undefined,
    virtualHost: block.text("virtualhost") ?? service.text("virtualhost"),
    tls,
    trackFiles,
    diagnostics,
  };
}

export function forwardingOf({ block, diagnostics }: Pick<ServerContext, "block" | "diagnostics">): Forwarding {
  return planForwarding(block.last("lvs_method"), diagnostics) ?? defaultForwarding;
}

/** Undefined when an error was reported. */
function planEndpoint(
  statement: CheckedStatement,
  { forwarding }: Forwarding,
  { ports, families, diagnostics }: ServerContext,
): { address: string; port?: number } | undefined {
  const address = statement.address();
  if (!address) return undefined;
  const text = formatAddress(address);
  if (forwarding !== "TUN" && families.some((family) => family !== address.family)) {
    const message = `${quote(text)} is not of the address family of the service: only TUN can send to it`;
    diagnostics.error("conflict", statement.position, message);
    return undefined;
  }
  const written = statement.number("port") || undefined;
  const [port, ...others] = ports;
  if (forwarding === "NAT") return withPort(text, written ?? (others.length === 0 ? port : undefined));
  if (written !== undefined && port !== undefined && !ports.includes(written))
    diagnostics.warning(
      "conflict",
      statement.position,
      `${forwarding} cannot change the port: ${ports.join(", ")} is taken for ${written}, as in keepalived`,
    );
  return withPort(text, others.length === 0 ? port : undefined);
}

const withPort = (address: string, port: number | undefined) => (port ? { address, port } : { address });

/** The kernel refuses a server whose lower threshold is above the upper one; 0 is none. */
function planThresholds(block: CheckedBlock, diagnostics: Diagnostics): Pick<RealServer, "maxConnections" | "minConnections"> {
  const [most = 0, least = 0] = [block.number("uthreshold"), block.number("lthreshold")];
  const lower = block.last("lthreshold");
  if (lower && least > most) {
    diagnostics.error("conflict", lower.position, `lthreshold ${least} is above uthreshold ${most}: the kernel refuses such a server`);
    return {};
  }
  return most === 0 ? {} : { maxConnections: most, ...(least > 0 && { minConnections: least }) };
}

export function planSorryServer(servers: readonly PlannedServer[], context: ServerContext): SorryServer | undefined {
  const { block, diagnostics } = context;
  const statement = block.last("sorry_server");
  const method = block.last("sorry_server_lvs_method");
  const inhibited = block.last("sorry_server_inhibit");
  if (!statement) {
    for (const lonely of [method, inhibited])
      if (lonely) diagnostics.warning("ignored", lonely.position, `${quote(lonely.keyword)} is ignored: there is no sorry_server`);
    return undefined;
  }
  const own = planForwarding(method, diagnostics);
  const where = planEndpoint(statement, own ?? forwardingOf(context), context);
  if (!where) return undefined;
  const twin = servers.find(({ server }) => server.address === where.address && server.port === where.port);
  const stays = twin
    ? (twin.server.onFailure ?? (block.flag("inhibit_on_failure") ? "Drain" : "Remove")) === "Drain"
    : inhibited !== undefined;
  if (twin && stays !== (inhibited !== undefined))
    diagnostics.warning(
      "conflict",
      statement.position,
      "the sorry server is a real server, too: inhibit_on_failure of that counts for both",
    );
  return { ...where, ...own, ...(stays && { onFailure: "Drain" }) };
}
