/** VirtualIP.status, which the operator writes. */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import { interfaceField, priorityField, routerStateField, timeField, virtualRouterIDField } from "./fields.ts";
import { wholeList } from "./rules.ts";

const nodeStatusSchema = z.object({
  name: z.string().describe("Name of the candidate."),
  priority: priorityField.describe("Its VRRP priority, before tracking."),
  assignedPriority: priorityField.optional().describe("What its priority would be without spec.nodes.preferred, where that is another."),
  effectivePriority: z.int().min(0).max(255).optional().describe("Its priority after tracking, as its agent reports it."),
  interface: interfaceField.optional().describe("The interface it uses."),
  v6Interface: interfaceField.optional().describe("The interface it uses for IPv6, where that is another one."),
  v4: routerStateField.optional().describe("State of its IPv4 virtual router."),
  v6: routerStateField.optional().describe("State of its IPv6 virtual router."),
  since: timeField.optional().describe("When that state began, by the node's own clock."),
  message: z.string().max(1024).optional().describe("What keeps the node from taking part, if anything does."),
});

const moveSchema = z.object({
  time: timeField.describe("When the new node took over, by its own clock."),
  from: z.string().describe("Node that held the addresses before; empty when none did."),
  to: z.string().describe("Node that holds them now; empty when none does."),
  reason: z.string().describe("Why, in one CamelCase word."),
  durationMs: z
    .number()
    .min(0)
    .optional()
    .describe("Silence before the takeover as the new node heard it: last advert of the old one to its own first one, in ms."),
});
export type Move = z.infer<typeof moveSchema>;

const plannedMoveSchema = z.object({
  from: z.string().describe("Node that is to hand over; empty when none is active."),
  to: z.string().describe("Node that is to take over; empty while there is none that could."),
  reason: z.enum(["Preferred", "Drain"]).describe("spec.nodes.preferred, or the node that is active is being drained."),
  state: z.enum(["Waiting", "HandingOver", "Done"]).describe("Waiting: not asked yet, the message says why."),
  handOver: z.int().min(0).optional().describe("Number of the request to the agent of `from`."),
  time: timeField.describe("When that state began, by the operator's clock."),
  message: z.string().max(1024).optional().describe("What is waited for, or what was done."),
});
export type PlannedMove = z.infer<typeof plannedMoveSchema>;

export const virtualIPStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this status was computed from."),
  activeNode: z.string().optional().describe("The node that answers for the addresses; absent while none or two do."),
  virtualRouterID: virtualRouterIDField.optional().describe("The VRID in use."),
  advertisementInterval: z.string().optional().describe("The interval in use."),
  nodes: wholeList(z.array(nodeStatusSchema).max(64)).optional().describe("The candidates, highest priority first."),
  transitions: z.int().min(0).optional().describe("How often the active node has changed."),
  history: wholeList(z.array(moveSchema).max(20)).optional().describe("The last 20 moves, newest first."),
  plannedMove: plannedMoveSchema.optional().describe("The newest move that was asked for, by spec.nodes.preferred or by draining a node."),
  conditions: conditionsSchema.optional(),
  summary: z
    .object({
      addresses: z.string().optional().describe("The addresses, comma-separated."),
      state: z.string().optional().describe("Pending, Active, Degraded, Split, Rejected or Terminating."),
      interface: z.string().optional().describe("Interface of the active node."),
      priority: z.int().optional().describe("Priority of the active node."),
      backups: z.string().optional().describe("Nodes in BACKUP, best first, comma-separated."),
      lastFailover: timeField.optional().describe("Time of the newest move from one node to another."),
      reason: z.string().optional().describe("Reason of the newest move."),
    })
    .optional()
    .describe("What `kubectl get vip` prints; programs read the fields above."),
});
export type VirtualIPStatus = z.infer<typeof virtualIPStatusSchema>;
