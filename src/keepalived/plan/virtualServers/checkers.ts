/** Checkers of a real server → health checks. */
import type { HealthCheckInput, HealthCheckKind } from "../../../api/healthCheck.ts";
import { formatAddress } from "../../../api/ipAddress.ts";
import type { CheckedBlock, CheckedStatement } from "../../checkedBlock.ts";
import { type Diagnostics, quote } from "../../diagnostic.ts";
import { runAs } from "../checks.ts";
import { readHexString } from "./hexString.ts";
import { type HttpContext, planHttp } from "./httpChecker.ts";
import { type KindTiming, planTiming, readTiming, type Timing } from "./timing.ts";

export interface CheckerContext extends HttpContext {
  /** Of the real server, with what the virtual server says instead of it. */
  timing: Timing;
  /** Of the virtual server alone: a program may run for as long. */
  serverDelayLoop: number;
  /** The port that keepalived asks: as the real server has it written, whatever the service makes of it. Undefined: that of the check's target. */
  port: number | undefined;
  trackFiles: ReadonlyMap<string, CheckedBlock>;
}

type Kinds = Partial<Pick<HealthCheckInput, HealthCheckKind | "rise">>;
type Plan = (block: CheckedBlock, context: CheckerContext, statement: CheckedStatement) => Kinds | undefined;

interface Checker {
  timing: KindTiming;
  /** It asks a port of the real server. */
  connects?: true;
  plan: Plan;
}

const usual: KindTiming = { retries: 1, retryDelay: 1 };
const web: KindTiming = { retries: 1, retryDelay: 3 };

/** As keepalived's own name of itself. */
const defaultHelo = "smtpchecker.keepalived.org";

const checkers: Record<string, Checker> = {
  HTTP_GET: { timing: web, connects: true, plan: (block, context) => planHttp("HTTP", block, context) },
  SSL_GET: { timing: web, connects: true, plan: (block, context) => planHttp("HTTPS", block, context) },
  TCP_CHECK: { timing: usual, connects: true, plan: () => ({ tcp: {} }) },
  PING_CHECK: { timing: usual, plan: () => ({ icmp: {} }) },
  SMTP_CHECK: { timing: usual, connects: true, plan: (block) => ({ smtp: { helo: block.text("helo_name") ?? defaultHelo } }) },
  DNS_CHECK: { timing: { retries: 3 }, connects: true, plan: planDns },
  UDP_CHECK: { timing: usual, connects: true, plan: planUdp },
  MISC_CHECK: { timing: { retries: 0, retryDelay: 1 }, plan: planMisc },
  FILE_CHECK: { timing: usual, plan: planFile },
};

export interface PlannedCheck {
  check: HealthCheckInput;
  statement: CheckedStatement;
}

/** In the order of the file. BFD_CHECK is none yet. */
export function planCheckers(server: CheckedBlock, contextOf: () => CheckerContext): PlannedCheck[] {
  let known: CheckerContext | undefined;
  return server.statements.flatMap((statement) => {
    const { block, keyword } = statement;
    const checker = Object.hasOwn(checkers, keyword) ? checkers[keyword] : undefined;
    if (!checker || !block) return [];
    // Most servers of a large file have none.
    known ??= contextOf();
    const context = known;
    const kinds = checker.plan(block, context, statement);
    if (!kinds) return [];
    const timing = { ...context.timing, ...readTiming(block) };
    return connections(block).map((own) => ({ check: planCheck(kinds, checker, own, { ...context, timing }), statement }));
  });
}

/** Of old releases: SMTP_CHECK with hosts asks each of them, and nobody else unless it is told whom itself. */
function connections(block: CheckedBlock): CheckedBlock[] {
  const hosts = block.all("host").flatMap((host) => host.block ?? []);
  if (hosts.length === 0) return [block];
  const names = ["connect_ip", "connect_port", "bindto", "bind_port", "bind_if", "fwmark", "connect_timeout"];
  return names.some((name) => block.last(name)) ? [block, ...hosts] : hosts;
}

function planCheck(kinds: Kinds, { timing, connects }: Checker, block: CheckedBlock, context: CheckerContext): HealthCheckInput {
  const own = { ...context.timing, ...readTiming(block) };
  if (kinds.file) return { ...kinds, ...fileTiming };
  if (kinds.exec) return { ...kinds, ...planTiming(own, timing, block.number("misc_timeout") || context.serverDelayLoop) };
  return { ...kinds, ...planTarget(block, connects ? context.port : undefined), ...planTiming(own, timing) };
}

/** It is read at once and at each change: nothing is left to the times of the server. */
const fileTiming = { interval: "1s", retries: 0, warmup: "0s" } as const;

function planTarget(block: CheckedBlock, written: number | undefined): Partial<HealthCheckInput> {
  const [host, source] = [block.last("connect_ip")?.address("value"), block.last("bindto")?.address("value")];
  const port = block.number("connect_port") ?? written;
  const [sourcePort, device, mark] = [block.number("bind_port"), block.text("bind_if"), block.number("fwmark")];
  return {
    ...(host && { host: formatAddress(host) }),
    ...(port !== undefined && { port }),
    ...(source && { sourceAddress: formatAddress(source) }),
    ...(sourcePort !== undefined && { sourcePort }),
    ...(device !== undefined && { interface: device }),
    ...(mark && { firewallMark: mark }),
  };
}

type DnsType = NonNullable<NonNullable<HealthCheckInput["dns"]>["type"]>;

function planDns(block: CheckedBlock): Kinds {
  const [name, type] = [block.text("name"), block.text("type")];
  return { dns: { ...(name !== undefined && { name }), ...(type !== undefined && { type: type as DnsType }) } };
}

/** The longest reply that counts when nobody says. */
const longestReply = 255;

function planUdp(block: CheckedBlock, { diagnostics }: CheckerContext): Kinds {
  const required = block.last("require_reply");
  const payload = readBytes(block.last("payload"), diagnostics);
  const reply = readBytes(required, diagnostics);
  const least = block.number("min_reply_length");
  const lengths = { ...(least && { minimumReplyLength: least }), maximumReplyLength: block.number("max_reply_length") ?? longestReply };
  return {
    udp: {
      ...(payload !== undefined && { payload }),
      ...(required && { requireReply: true, ...(reply !== undefined && { reply }), ...lengths }),
    },
  };
}

function readBytes(statement: CheckedStatement | undefined, diagnostics: Diagnostics): string | undefined {
  const words = statement?.values("value").map(String) ?? [];
  if (!statement || words.length === 0) return undefined;
  const bytes = readHexString(words);
  const isPayload = statement.keyword === "payload";
  if (bytes === undefined || (isPayload && bytes.includes("x")))
    diagnostics.error("value", statement.position, `${statement.keyword}: expected bytes in hexadecimal, got ${quote(words.join(" "))}`);
  return bytes;
}

function planMisc(block: CheckedBlock): Kinds {
  const command = block.last("misc_path")?.command();
  const dynamic = block.last("misc_dynamic") !== undefined;
  return { exec: { command: [...(command ?? [])], ...runAs(block.last("user")), ...(dynamic && { dynamicWeight: true }) } };
}

/** The number in the file times the weight is added to the server's; 0 would make any number but 0 a failure. */
function planFile(block: CheckedBlock, { trackFiles, diagnostics }: CheckerContext, statement: CheckedStatement): Kinds | undefined {
  const tracked = trackFiles.get(block.text("track_file") ?? "");
  const written = block.last("weight") ?? tracked?.last("weight");
  const weight = (written?.number() ?? 1) * (written?.has("reverse") ? -1 : 1);
  if (weight === 0) {
    diagnostics.error(
      "not-offered",
      statement.position,
      "FILE_CHECK with weight 0 is not offered: give a weight, which the number is multiplied by",
    );
    return undefined;
  }
  return { file: { path: tracked?.text("file") ?? "", ...(weight !== 1 && { weight }) } };
}
