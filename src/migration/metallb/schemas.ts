/** What is read of MetalLB's objects (metallb.io/v1beta1). */
import { z } from "zod";
import { labelSelectorOf } from "../../api/labelSelector.ts";

export const metallbGroup = "metallb.io";

const names = z.array(z.string()).default([]);
const selectors = (what: string) => z.array(labelSelectorOf(what)).default([]);

const serviceAllocationSchema = z.object({
  priority: z.int().default(0),
  namespaces: names,
  namespaceSelectors: selectors("namespace"),
  serviceSelectors: selectors("Service"),
});
export type ServiceAllocation = z.infer<typeof serviceAllocationSchema>;

export const poolSchema = z.object({
  addresses: z.array(z.string()).min(1),
  autoAssign: z.boolean().default(true),
  avoidBuggyIPs: z.boolean().default(false),
  serviceAllocation: serviceAllocationSchema.optional(),
});

const selectionSchema = z.object({
  ipAddressPools: names,
  ipAddressPoolSelectors: selectors("pool"),
  nodeSelectors: selectors("node"),
});
export type PoolSelection = z.infer<typeof selectionSchema>;

export const l2AdvertisementSchema = selectionSchema.extend({
  interfaces: names,
  serviceSelectors: z.array(z.unknown()).default([]),
  preferredNodeSelectors: z.array(z.unknown()).default([]),
});

/** Only whom it is for: nothing else of BGP is taken. */
export const bgpAdvertisementSchema = selectionSchema.loose();
