/** AddressPool.status, which the operator writes. `assignments` is the record of who has which address: nothing is used before it stands there. */
import { z } from "zod";
import { conditionsSchema } from "./condition.ts";
import { wholeList } from "./rules.ts";

/** As many as one NodeAgent can carry; an object of etcd holds 1.5 MB. */
export const mostAssignments = 4096;
export const mostSharers = 64;

/** A range may hold more than a JSON number can count. */
const count = z.int().min(0);

const usageSchema = z.object({
  total: count.describe("Addresses that can be given. More than 2^53 - 1 count as that."),
  used: count.describe("Addresses that are given, also those that the pool no longer holds."),
  free: count.describe("Addresses that are left."),
});
export type Usage = z.infer<typeof usageSchema>;

const assignmentSchema = z.object({
  address: z.string().max(45).describe("The address."),
  services: wholeList(z.array(z.string().max(127)).min(1).max(mostSharers)).describe("The Services that have it: NAMESPACE/NAME."),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const addressPoolStatusSchema = z.object({
  observedGeneration: z.int().min(0).optional().describe("metadata.generation that this status was computed from."),
  ipv4: usageSchema.optional().describe("IPv4 addresses."),
  ipv6: usageSchema.optional().describe("IPv6 addresses."),
  services: z.int().min(0).optional().describe("Services that have addresses."),
  assignments: wholeList(z.array(assignmentSchema).max(mostAssignments))
    .optional()
    .describe("Who has which address, in the order of the addresses."),
  conditions: conditionsSchema.optional(),
  summary: z
    .object({
      addresses: z.string().optional().describe("The ranges, comma-separated."),
      ipv4: z.string().optional().describe("USED/TOTAL."),
      ipv6: z.string().optional().describe("USED/TOTAL."),
    })
    .optional()
    .describe("What `kubectl get pool` prints; programs read the fields above."),
});
export type AddressPoolStatus = z.infer<typeof addressPoolStatusSchema>;
