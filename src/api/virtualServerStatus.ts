/** VirtualServer.status, which the operator writes, and what each agent reports of a VirtualServer. */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import { timeField } from "./fields.ts";
import { wholeList } from "./rules.ts";

export const realServerStatusSchema = z.object({
  address: z.string().max(45).describe("Address."),
  port: z.int().min(0).max(65535).describe("Port."),
  up: z.boolean().describe("Whether its health checks are well."),
  weight: z.int().min(0).describe("Weight in the kernel; 0 while it drains or has failed."),
  since: timeField.optional().describe("When that state began."),
  message: z.string().max(256).optional().describe("Why it is down."),
});
export type RealServerStatus = z.infer<typeof realServerStatusSchema>;

/** One VirtualServer as one node runs it. */
export const nodeVirtualServerStatusSchema = z.object({
  namespace: z.string().max(63).describe("Namespace of the VirtualServer."),
  name: z.string().max(253).describe("Its name."),
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that runs."),
  programmed: z.boolean().describe("Whether the kernel has it as it should be."),
  up: z.int().min(0).describe("Real servers that are up."),
  total: z.int().min(0).describe("Real servers."),
  quorum: z.boolean().describe("Whether enough are up."),
  sorryServer: z.boolean().optional().describe("Whether the sorry server serves."),
  servers: wholeList(z.array(realServerStatusSchema).max(64))
    .optional()
    .describe("The real servers; beyond 64 those that are down come first."),
  message: z.string().max(1024).optional().describe("What is wrong, if anything is."),
});
export type NodeVirtualServerStatus = z.infer<typeof nodeVirtualServerStatusSchema>;

export const virtualServerStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this status was computed from."),
  addresses: wholeList(z.array(z.string().max(45)).max(64))
    .optional()
    .describe("Addresses it is served on."),
  activeNode: z.string().optional().describe("The node that holds them."),
  up: z.int().min(0).optional().describe("Real servers that are up, as that node sees them; without one as any node does."),
  total: z.int().min(0).optional().describe("Real servers."),
  servers: wholeList(z.array(realServerStatusSchema).max(64)).optional().describe("The real servers, as that node sees them."),
  nodes: wholeList(
    z
      .array(
        z.object({
          name: z.string().describe("Name of the node."),
          programmed: z.boolean().describe("Whether its kernel has it."),
          up: z.int().min(0).describe("Real servers that are up from there."),
          message: z.string().max(256).optional().describe("What is wrong there."),
        }),
      )
      .max(64),
  )
    .optional()
    .describe("The nodes that have it programmed."),
  conditions: conditionsSchema.optional(),
  summary: z
    .object({
      addresses: z.string().optional().describe("Addresses, comma-separated."),
      ports: z.string().optional().describe("PROTOCOL/PORTS, or the mark."),
      servers: z.string().optional().describe("UP/TOTAL."),
    })
    .optional()
    .describe("What `kubectl get vs` prints; programs read the fields above."),
});
export type VirtualServerStatus = z.infer<typeof virtualServerStatusSchema>;
