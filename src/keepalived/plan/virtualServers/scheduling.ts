/** How a virtual server chooses real servers: lb_algo and its flags, persistence, one-packet scheduling. */
import type { Family } from "../../../api/ipAddress.ts";
import { parseAddress } from "../../../api/ipAddress.ts";
import type { VirtualServerInput } from "../../../api/virtualServer.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";
import { durationOf } from "./seconds.ts";

type Scheduling = Pick<VirtualServerInput, "scheduler" | "schedulerFlags">;
type Flag = NonNullable<VirtualServerInput["schedulerFlags"]>[number];

const flagOf: Record<string, Flag> = {
  "flag-1": "Flag1",
  "flag-2": "Flag2",
  "flag-3": "Flag3",
  "sh-port": "Port",
  "sh-fallback": "Fallback",
  "mh-port": "Port",
  "mh-fallback": "Fallback",
};

export function planScheduler(block: CheckedBlock, diagnostics: Diagnostics): Scheduling {
  const scheduler = block.text("lvs_sched") ?? "wlc";
  const flags = [...new Set(block.statements.flatMap((statement) => planFlag(statement, scheduler, diagnostics)))];
  // Without any word about them an object's mh hashes the port.
  const isSilent = flags.length === 0 && scheduler !== "mh";
  return { scheduler: scheduler as VirtualServerInput["scheduler"], ...(!isSilent && { schedulerFlags: flags }) };
}

/** Those of sh and mh count with their own scheduler only. */
function planFlag({ keyword, position }: CheckedStatement, scheduler: string, diagnostics: Diagnostics): Flag[] {
  const flag = Object.hasOwn(flagOf, keyword) ? flagOf[keyword] : undefined;
  if (!flag) return [];
  const owner = keyword.slice(0, 2);
  if (keyword.startsWith("flag") || owner === scheduler) return [flag];
  diagnostics.warning("ignored", position, `${quote(keyword)} is ignored: it is for lvs_sched ${owner}`);
  return [];
}

/** keepalived's where nobody says. */
const defaultPersistence = 360;

export interface PersistenceOptions {
  families: readonly Family[];
  /** All ports: the kernel serves them with persistence only. */
  allPorts: boolean;
  at: CheckedStatement;
  isGroup: boolean;
  diagnostics: Diagnostics;
}

export function planPersistence(block: CheckedBlock, options: PersistenceOptions): Pick<VirtualServerInput, "persistence"> {
  const { allPorts, at, diagnostics } = options;
  const [timeout, granularity, engine] = ["persistence_timeout", "persistence_granularity", "persistence_engine"].map((keyword) =>
    block.last(keyword),
  );
  const isPersistent = timeout !== undefined || granularity !== undefined;
  if (!isPersistent && allPorts)
    diagnostics.warning(
      "default",
      at.position,
      `a service without a port takes persistence: \`persistence_timeout ${defaultPersistence}\` is assumed`,
    );
  if (!isPersistent && !allPorts) {
    if (engine) diagnostics.warning("ignored", engine.position, "persistence_engine has no effect without persistence_timeout");
    return {};
  }
  const seconds = timeout?.number() ?? defaultPersistence;
  return { persistence: { timeout: durationOf(seconds), ...planGranularity(granularity, options), ...planEngine(engine, diagnostics) } };
}

type Persistence = NonNullable<VirtualServerInput["persistence"]>;

function planGranularity(statement: CheckedStatement | undefined, { families, isGroup, diagnostics }: PersistenceOptions): Persistence {
  const written = statement?.text();
  if (!statement || written === undefined) return {};
  const isNetmask = written.includes(".");
  const length = isNetmask ? lengthOf(written) : Number(written);
  const fits = families.includes(isNetmask ? "IPv4" : "IPv6");
  if (!fits || length === undefined) {
    const expected = families.includes("IPv4") ? "a netmask such as 255.255.255.0" : "the length of a prefix, 1 to 128";
    diagnostics.error("value", statement.position, `persistence_granularity: expected ${expected}, got ${quote(written)}`);
    return {};
  }
  if (isGroup)
    diagnostics.warning(
      "conflict",
      statement.position,
      "keepalived ignores persistence_granularity with a virtual_server_group: taken as meant",
    );
  return isNetmask ? { prefixLengthIPv4: length } : { prefixLengthIPv6: length };
}

/** Of a netmask without holes. */
function lengthOf(netmask: string): number | undefined {
  const bits = parseAddress(netmask)?.bits.toString(2).padStart(32, "0") ?? "";
  return /^1+0*$/.test(bits) ? bits.lastIndexOf("1") + 1 : undefined;
}

function planEngine(statement: CheckedStatement | undefined, diagnostics: Diagnostics): Persistence {
  const engine = statement?.text();
  if (!statement || engine === undefined) return {};
  if (engine === "sip") return { engine };
  diagnostics.error("not-offered", statement.position, `persistence_engine ${quote(engine)} is not offered: the kernel has sip`);
  return {};
}

/** Only datagrams, or what a firewall mark stands for, can be scheduled one by one. */
export function planOnePacket(block: CheckedBlock, canBe: boolean, diagnostics: Diagnostics): Pick<VirtualServerInput, "onePacket"> {
  const statement = block.last("ops");
  if (!statement) return {};
  if (canBe) return { onePacket: true };
  diagnostics.warning("ignored", statement.position, "`ops` is ignored: one-packet scheduling is for UDP");
  return {};
}
