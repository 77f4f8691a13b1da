/** What a VirtualIP tracks on each of its nodes: something up or down that changes the node's priority or keeps it from the election. */
import { z } from "zod";
import { type CheckKind, checkFields, checkKinds } from "./check.ts";
import { interfaceField, statusPattern, trackWeightField } from "./fields.ts";
import { mapList, type Rule, withRules } from "./rules.ts";

const kinds = ["interface", ...(Object.keys(checkKinds) as CheckKind[])] as const;

type Given = { [Kind in (typeof kinds)[number]]?: unknown } & {
  timeout?: string;
  riseDelay?: string;
  fallDelay?: string;
  process?: { minimum: number; maximum?: number };
  file?: { path: string; present?: string; create?: object };
  http?: { statuses: string[] };
};

const namePattern = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const trackRules: Rule<Given & { name: string }>[] = [
  {
    cel: `self.name.matches(${JSON.stringify(namePattern.source)})`,
    holds: ({ name }) => namePattern.test(name),
    message: "name must consist of letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    field: "name",
  },
  {
    cel: `[${kinds.map((kind) => `has(self.${kind})`).join(", ")}].exists_one(given, given)`,
    holds: (track) => kinds.filter((kind) => track[kind] !== undefined).length === 1,
    message: `exactly one of ${kinds.join(", ")} must be given`,
  },
  {
    cel: "!has(self.interface) || !(has(self.timeout) || has(self.riseDelay) || has(self.fallDelay))",
    holds: ({ interface: name, timeout, riseDelay, fallDelay }) => name === undefined || (timeout ?? riseDelay ?? fallDelay) === undefined,
    message: "timeout, riseDelay and fallDelay must be left out with interface: the kernel tells its state at once",
    field: "interface",
  },
  {
    cel: "!has(self.process) || !has(self.process.maximum) || self.process.maximum >= self.process.minimum",
    holds: ({ process }) => (process?.maximum ?? Number.POSITIVE_INFINITY) >= (process?.minimum ?? 0),
    message: "process.maximum must not be less than process.minimum",
    field: "process",
  },
  {
    cel: "!has(self.file) || self.file.path.startsWith('/')",
    holds: ({ file }) => file === undefined || file.path.startsWith("/"),
    message: 'file.path must be absolute, such as "/run/maintenance"',
    field: "file",
  },
  {
    cel: "!has(self.file) || !has(self.file.create) || !has(self.file.present)",
    holds: ({ file }) => file?.create === undefined || file.present === undefined,
    message: "file.create must be left out with file.present: what is made is a file that holds a number",
    field: "file",
  },
  {
    cel: `!has(self.http) || self.http.statuses.all(s, s.matches(${JSON.stringify(statusPattern.source)}))`,
    holds: ({ http }) => http === undefined || http.statuses.every((status) => statusPattern.test(status)),
    message: 'http.statuses must be codes or ranges of them such as "200" or "200-399"',
    field: "http",
  },
];

export const trackSchema = withRules(
  z.object({
    name: z.string().min(1).max(63).describe("Unique in the list; the check is called VIRTUALIP.NAME in the agents' reports."),
    interface: interfaceField.optional().describe("Up while that interface of the node is up. What is said of runs does not concern it."),
    ...checkFields,
    weight: trackWeightField
      .default(0)
      .describe("0: FAULT while it is down; positive: added to the priority while up; negative: added while down."),
    reverse: z.boolean().default(false).describe("Negates what is added; with weight 0: FAULT while it is up."),
  }),
  trackRules,
);
export type Track = z.infer<typeof trackSchema>;

/** At most `most` of them, told apart by their names. */
export const trackList = (most: number) => mapList(z.array(trackSchema).max(most), ["name"]);
