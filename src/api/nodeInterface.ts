/** How soon a change of an interface's carrier counts. Used by AgentConfig and NodeAgent. */
import { z } from "zod";
import { durationField, interfaceField } from "./fields.ts";

export const nodeInterfaceSchema = z.object({
  name: interfaceField.describe("Name."),
  downDelay: durationField.optional().describe("How long it must be down before that counts; at most 1000s. Default: 0s, at once."),
  upDelay: durationField.optional().describe("How long it must be up again before that counts; at most 1000s. Default: 0s, at once."),
});
export type NodeInterface = z.infer<typeof nodeInterfaceSchema>;
