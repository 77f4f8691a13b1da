/** Health checks of real servers, keepalived's checkers: what is asked, of whom, how often, and when a result counts. */
import { z } from "zod";
import { durationField, interfaceNameField, scriptUserField } from "./fields.ts";
import { bodyMatchRules, healthCheckRules, httpRules, problemOfExpression, requestRules, udpRules } from "./healthCheckRules.ts";
import { wholeList, withRules } from "./rules.ts";

export const portField = z.int().min(1).max(65535);
const statusesField = wholeList(z.array(z.string().max(7)).min(1).max(16));

const tlsSchema = z.object({
  verify: z.boolean().default(false).describe("Whether the certificate must be valid for the name; false: any certificate is taken."),
  serverName: z
    .string()
    .max(253)
    .optional()
    .describe("Name to ask for (SNI) and to verify; default: the Host header, else none; empty: none."),
  certificateRef: z
    .object({
      name: z
        .string()
        .min(1)
        .max(253)
        .describe("Name of a Secret in the agent's namespace, with tls.crt, tls.key and ca.crt, each optional."),
    })
    .optional()
    .describe("What is presented to the server, and which authorities are trusted."),
});

const bodyMatchSchema = z
  .object({
    pattern: z.string().min(1).max(1024).describe("Regular expression, as JavaScript has it."),
    flags: z.string().max(8).optional().describe("Flags of the expression: i, m, s, u."),
    negate: z.boolean().default(false).describe("Good when it does not match."),
    minimumOffset: z.int().min(0).optional().describe("The match must begin there or later, in bytes of the body."),
    maximumOffset: z.int().min(0).optional().describe("The match must begin there or earlier."),
  })
  .superRefine((match, context) => {
    const problem = problemOfExpression(match);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem, path: ["pattern"] });
  });

const httpRequestSchema = withRules(
  z.object({
    path: z.string().max(2048).default("/").describe("Path and query."),
    method: z.enum(["GET", "HEAD"]).default("GET").describe("Method."),
    hostHeader: z.string().max(253).optional().describe("Host header; default: the address."),
    statuses: statusesField.default(["200-299"]).describe('Good status codes: "200", "200-299".'),
    digest: z.string().max(32).optional().describe("MD5 of the body, 32 hexadecimal digits."),
    bodyMatch: withRules(bodyMatchSchema, bodyMatchRules).optional().describe("What the body must hold; its first MiB is looked at."),
  }),
  requestRules,
);

/** The kinds of health checks; exactly one is given. */
export const healthCheckKinds = {
  tcp: z.object({}).optional().describe("A TCP connection can be opened."),
  http: withRules(
    z.object({
      scheme: z.enum(["HTTP", "HTTPS"]).default("HTTP").describe("Whether to use TLS."),
      version: z.enum(["1.0", "1.0C", "1.1"]).default("1.1").describe("Protocol version; 1.0C: 1.0 with Connection: close."),
      requests: wholeList(z.array(httpRequestSchema).min(1).max(8))
        .default([{ path: "/", method: "GET", statuses: ["200-299"] }])
        .describe("Each must be answered well, one after the other."),
      tls: tlsSchema.optional().describe("With HTTPS."),
    }),
    httpRules,
  )
    .optional()
    .describe("HTTP requests are answered well."),
  grpc: z
    .object({
      service: z.string().max(253).default("").describe("Name of the service; empty: the server as a whole."),
      tls: tlsSchema.optional().describe("Absent: without TLS."),
    })
    .optional()
    .describe("grpc.health.v1.Health/Check answers SERVING."),
  smtp: z
    .object({ helo: z.string().max(253).optional().describe("Name to say; default: the node's.") })
    .optional()
    .describe("The banner is 220, EHLO or HELO is answered 250."),
  dns: z
    .object({
      name: z.string().max(253).default(".").describe("Name to ask for."),
      type: z.enum(["A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA"]).default("SOA").describe("Type of the record."),
    })
    .optional()
    .describe("A query over UDP is answered without an error."),
  udp: withRules(
    z.object({
      payload: z.string().max(2048).optional().describe("What is sent, in hexadecimal; default: an empty datagram."),
      requireReply: z.boolean().default(false).describe("Without it only an ICMP error is a failure."),
      reply: z.string().max(1024).optional().describe("How the reply begins, in hexadecimal; X stands for any digit."),
      minimumReplyLength: z.int().min(0).max(65535).optional().describe("In bytes."),
      maximumReplyLength: z.int().min(0).max(65535).optional().describe("In bytes."),
    }),
    udpRules,
  )
    .optional()
    .describe("A datagram is answered, or at least not refused."),
  icmp: z.object({}).optional().describe("An echo request is answered."),
  exec: z
    .object({
      command: wholeList(z.array(z.string().max(1024)).min(1).max(64)).describe(
        "Program, in an allowed directory of the node, and arguments. No shell.",
      ),
      user: scriptUserField,
      dynamicWeight: z.boolean().default(false).describe("Status 2 to 255: well, with that status less 2 as the weight."),
    })
    .optional()
    .describe("A program ends with status 0 in time."),
  file: z
    .object({
      path: z.string().min(1).max(1024).describe("Absolute path of a file that holds a number."),
      weight: z
        .int()
        .min(-2147483647)
        .max(2147483647)
        .default(1)
        .describe("The number times this is added to the server's weight; -2^31 or less: down."),
    })
    .optional()
    .describe("The number in a file changes the server's weight."),
};
export type HealthCheckKind = keyof typeof healthCheckKinds;

/** Whom it asks; by default the real server's own address and port. */
export const healthCheckTarget = {
  host: z.string().max(45).optional().describe("Another address to ask: keepalived's connect_ip."),
  port: portField.optional().describe("Another port: connect_port."),
  sourceAddress: z.string().max(45).optional().describe("Source address: bindto."),
  sourcePort: portField.optional().describe("Source port: bind_port."),
  interface: interfaceNameField.optional().describe("Interface to send by: bind_if."),
  firewallMark: z.int().min(1).max(4294967295).optional().describe("Mark of the packets: fwmark."),
};

/** When a result counts. A run that fails is repeated `retries` times before it counts as failed. */
export const healthCheckTiming = {
  interval: durationField.default("2s").describe("Time between two runs: delay_loop."),
  timeout: durationField.default("1s").describe("How long an attempt may take: connect_timeout."),
  retries: z.int().min(0).max(1000).default(1).describe("Further attempts after a failed one: retry."),
  retryDelay: durationField.default("1s").describe("Time before each: delay_before_retry."),
  rise: z.int().min(1).max(1000).default(1).describe("Good runs in a row until it is up."),
  fall: z.int().min(1).max(1000).default(1).describe("Failed runs in a row until it is down."),
  warmup: durationField.optional().describe("The first run comes at a random moment within that time; default: the interval, at most 1s."),
  initial: z.enum(["Up", "Down"]).default("Up").describe("What it counts as until the first result; Down is keepalived's alpha."),
};

export const healthCheckSchema = withRules(
  z.object({
    ...healthCheckKinds,
    ...healthCheckTarget,
    ...healthCheckTiming,
  }),
  healthCheckRules(Object.keys(healthCheckKinds)),
);
export type HealthCheck = z.infer<typeof healthCheckSchema>;
/** As somebody writes it: without what the schema assumes. */
export type HealthCheckInput = z.input<typeof healthCheckSchema>;
