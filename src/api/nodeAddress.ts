import { z } from "zod";
import { addressField, addressScopeField, interfaceNameField } from "./fields.ts";

/** An address that a virtual router moves, or that stands on a node always. */
export const nodeAddressSchema = z.object({
  address: addressField.describe("The address, bare or with its prefix length."),
  interface: interfaceNameField.optional().describe("Where it stands; default: the virtual router's interface."),
  label: z.string().max(15).optional().describe("Label of an IPv4 address, DEVICE:TEXT."),
  scope: addressScopeField.optional().describe("Scope of the address; default: global."),
  broadcast: z.string().max(15).optional().describe("Broadcast address of an IPv4 address."),
  advertised: z.boolean().optional().describe("False: moves along, but is not in the adverts. Default: true."),
});
export type NodeAddress = z.infer<typeof nodeAddressSchema>;
