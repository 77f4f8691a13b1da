/** What is wrong, or may go wrong, on a node or in a cluster, and what a person can do about it. */
import { z } from "zod";

export const findingSchema = z.object({
  severity: z
    .enum(["Error", "Warning", "Note"])
    .describe("Error: something does not work. Warning: it will not in some case. Note: a hint."),
  what: z.string().max(512).describe("What was found."),
  why: z.string().max(512).describe("What comes of it."),
  fix: z.string().max(512).describe("What puts it right; mostly a command."),
});
export type Finding = z.infer<typeof findingSchema>;
export type Severity = Finding["severity"];
