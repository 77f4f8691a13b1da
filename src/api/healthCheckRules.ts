/** What a health check must fulfil beyond its types. See rules.ts. */
import { readBareAddress } from "./addressRules.ts";
import { durationRule } from "./durationRules.ts";
import { statusPattern } from "./fields.ts";
import type { Rule } from "./rules.ts";

const matches = (text: string, pattern: RegExp) => `${text}.matches(${JSON.stringify(pattern.source)})`;

interface Request {
  statuses: string[];
  digest?: string;
}

const digestPattern = /^[0-9a-fA-F]{32}$/;

export const requestRules: Rule<Request>[] = [
  {
    cel: `self.statuses.all(s, ${matches("s", statusPattern)})`,
    holds: ({ statuses }) => statuses.every((status) => statusPattern.test(status)),
    message: 'statuses must be codes or ranges of them such as "200" or "200-399"',
    field: "statuses",
  },
  {
    cel: `!has(self.digest) || ${matches("self.digest", digestPattern)}`,
    holds: ({ digest }) => digest === undefined || digestPattern.test(digest),
    message: "digest must be an MD5 sum: 32 hexadecimal digits",
    field: "digest",
  },
];

interface BodyMatch {
  pattern: string;
  flags?: string;
  minimumOffset?: number;
  maximumOffset?: number;
}

const flagsPattern = /^[imsu]*$/;

export const bodyMatchRules: Rule<BodyMatch>[] = [
  {
    cel: `!has(self.flags) || ${matches("self.flags", flagsPattern)}`,
    holds: ({ flags = "" }) => flagsPattern.test(flags),
    message: "flags must be of i, m, s and u",
    field: "flags",
  },
  {
    cel: "!has(self.minimumOffset) || !has(self.maximumOffset) || self.minimumOffset <= self.maximumOffset",
    holds: ({ minimumOffset = 0, maximumOffset = Number.POSITIVE_INFINITY }) => minimumOffset <= maximumOffset,
    message: "maximumOffset must not be less than minimumOffset",
    field: "maximumOffset",
  },
];

/** What CEL cannot say, as its expressions are RE2's: the operator and the reader of files tell of it. Why it is none; undefined when it is one. */
export function problemOfExpression({ pattern, flags }: BodyMatch): string | undefined {
  try {
    new RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Http {
  scheme: "HTTP" | "HTTPS";
  tls?: object;
}

export const httpRules: Rule<Http>[] = [
  {
    cel: "!has(self.tls) || self.scheme == 'HTTPS'",
    holds: ({ scheme, tls }) => tls === undefined || scheme === "HTTPS",
    message: "tls must be left out unless scheme is HTTPS",
    field: "tls",
  },
];

interface Udp {
  payload?: string;
  requireReply: boolean;
  reply?: string;
  minimumReplyLength?: number;
  maximumReplyLength?: number;
}

const payloadPattern = /^([0-9a-fA-F]{2})*$/;
const replyPattern = /^([0-9a-fA-FxX]{2})*$/;

export const udpRules: Rule<Udp>[] = [
  {
    cel: `!has(self.payload) || ${matches("self.payload", payloadPattern)}`,
    holds: ({ payload = "" }) => payloadPattern.test(payload),
    message: 'payload must be bytes in hexadecimal, such as "0a00ff"',
    field: "payload",
  },
  {
    cel: `!has(self.reply) || ${matches("self.reply", replyPattern)}`,
    holds: ({ reply = "" }) => replyPattern.test(reply),
    message: 'reply must be bytes in hexadecimal, X for any digit, such as "0aXXff"',
    field: "reply",
  },
  {
    cel: "!has(self.reply) || self.requireReply",
    holds: ({ requireReply, reply }) => reply === undefined || requireReply,
    message: "reply must be left out unless requireReply is true",
    field: "reply",
  },
  {
    cel: "!has(self.minimumReplyLength) || !has(self.maximumReplyLength) || self.minimumReplyLength <= self.maximumReplyLength",
    holds: ({ minimumReplyLength = 0, maximumReplyLength = Number.POSITIVE_INFINITY }) => minimumReplyLength <= maximumReplyLength,
    message: "maximumReplyLength must not be less than minimumReplyLength",
    field: "maximumReplyLength",
  },
];

interface Target {
  host?: string;
  sourceAddress?: string;
}

interface HealthCheck extends Target {
  interval: string;
  timeout: string;
  file?: { path: string };
}

const bareAddressRule = (field: keyof Target): Rule<Target> => ({
  cel: `!has(self.${field}) || isIP(self.${field})`,
  holds: ({ [field]: text }) => text === undefined || readBareAddress(text) !== undefined,
  message: `${field} must be an IP address without prefix length`,
  field,
});

/** For a check of one of these kinds. */
export const healthCheckRules = (kinds: readonly string[]): Rule<HealthCheck>[] => [
  {
    cel: `[${kinds.map((kind) => `has(self.${kind})`).join(", ")}].exists_one(given, given)`,
    holds: (check) => kinds.filter((kind) => (check as unknown as Record<string, unknown>)[kind] !== undefined).length === 1,
    message: `exactly one of ${kinds.join(", ")} must be given`,
  },
  bareAddressRule("host"),
  bareAddressRule("sourceAddress"),
  {
    cel: "!has(self.host) || !has(self.sourceAddress) || self.host.contains(':') == self.sourceAddress.contains(':')",
    holds: ({ host, sourceAddress }) =>
      host === undefined || sourceAddress === undefined || host.includes(":") === sourceAddress.includes(":"),
    message: "sourceAddress must be of the address family of host",
    field: "sourceAddress",
  },
  {
    cel: "!has(self.file) || self.file.path.startsWith('/')",
    holds: ({ file }) => file === undefined || file.path.startsWith("/"),
    message: 'file.path must be absolute, such as "/run/weight"',
    field: "file",
  },
  // A run that follows the one before without a pause would be all that the node does.
  durationRule("interval", { least: "10ms" }),
  durationRule("timeout", { least: "1ms" }),
];
