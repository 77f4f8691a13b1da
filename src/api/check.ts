/** Checks that a virtual router tracks: what is looked at, how often, and when a change counts. Used by VirtualIP and NodeAgent. */
import { z } from "zod";
import { durationField, scriptUserField } from "./fields.ts";
import { wholeList } from "./rules.ts";

const portField = z.int().min(1).max(65535);

/** The kinds of checks; exactly one is given. */
export const checkKinds = {
  tcp: z
    .object({
      host: z.string().max(253).default("127.0.0.1").describe("Name or address."),
      port: portField.describe("Port."),
    })
    .optional()
    .describe("Up when a TCP connection can be opened."),
  http: z
    .object({
      host: z.string().max(253).default("127.0.0.1").describe("Name or address."),
      port: portField.optional().describe("Port; default: 80, or 443 with HTTPS."),
      scheme: z
        .enum(["HTTP", "HTTPS"])
        .default("HTTP")
        .describe("Whether to use TLS; the certificate is not verified unless `verify` is set."),
      path: z.string().max(2048).default("/").describe("Path and query."),
      hostHeader: z.string().max(253).optional().describe("Host header and TLS server name, instead of `host`."),
      statuses: wholeList(z.array(z.string().max(7)).min(1).max(16))
        .default(["200-399"])
        .describe('Good status codes: "200", "200-299".'),
      verify: z.boolean().default(false).describe("Whether the certificate must be valid."),
    })
    .optional()
    .describe("Up when a GET is answered with a good status."),
  icmp: z
    .object({
      host: z.string().min(1).max(253).describe("Name or address."),
    })
    .optional()
    .describe("Up when an echo request is answered: the gateway as a tie-breaker between two nodes."),
  process: z
    .object({
      name: z.string().min(1).max(1024).describe("Name of the process as in /proc/PID/comm, or a path: its executable."),
      arguments: wholeList(z.array(z.string().max(1024)).max(64))
        .optional()
        .describe("Arguments that it must have."),
      argumentsMatch: z
        .enum(["Exact", "Partial", "Initial", "Contains"])
        .default("Contains")
        .describe(
          "How they are compared. Exact: no others; Partial: the first ones are exactly these; Initial: the same, but the last one may go on; Contains: they occur, in this order.",
        ),
      minimum: z.int().min(0).max(65535).default(1).describe("How many must run."),
      maximum: z.int().min(0).max(65535).optional().describe("How many may run."),
    })
    .optional()
    .describe("Up while enough processes of that name run; zombies do not count."),
  file: z
    .object({
      path: z.string().min(1).max(1024).describe("Absolute path."),
      present: z
        .enum(["Up", "Down"])
        .optional()
        .describe("What it means that the file is there: a maintenance file has Down. Absent: the file holds a number."),
      create: z
        .object({
          value: z.int().min(-2147483648).max(2147483647).default(0).describe("The number in it."),
          overwrite: z.boolean().default(false).describe("Whether one that is there gets the number, too, when the agent starts."),
        })
        .optional()
        .describe("Make the file where it is missing; honoured standalone only, for a file that holds a number."),
    })
    .optional()
    .describe("A file that is there or not, or that holds a number, which is multiplied by the weight."),
  exec: z
    .object({
      command: wholeList(z.array(z.string().max(1024)).min(1).max(64)).describe(
        "Program, in an allowed directory of the node, and arguments. No shell.",
      ),
      user: scriptUserField,
    })
    .optional()
    .describe("Up when the program ends with status 0 in time."),
  podReady: z
    .object({
      namespace: z.string().min(1).max(63).describe("Namespace of the pods."),
      selector: z.record(z.string().max(316), z.string().max(63)).describe("Labels that they have."),
    })
    .optional()
    .describe("Up while a ready pod of that selector is on this node."),
};

/** When a result counts. */
export const checkTiming = {
  interval: durationField.default("1s").describe("Time between two runs."),
  timeout: durationField.optional().describe("How long a run may take; default: the interval."),
  rise: z.int().min(1).max(1000).default(1).describe("Successes in a row until it is up."),
  fall: z.int().min(1).max(1000).default(1).describe("Failures in a row until it is down."),
  initial: z.enum(["Up", "Down"]).default("Up").describe("What it counts as until the first result."),
  riseDelay: durationField.optional().describe("How long it must be good before it is up; for process and interface."),
  fallDelay: durationField.optional().describe("How long it must be bad before it is down."),
};

export const checkFields = { ...checkKinds, ...checkTiming };
export type CheckKind = keyof typeof checkKinds;
