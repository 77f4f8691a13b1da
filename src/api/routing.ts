/** Routes and policy rules that a virtual router moves, or that stand on a node always. */
import { z } from "zod";
import { addressField, addressScopeField, familyField, interfaceNameField } from "./fields.ts";
import { wholeList } from "./rules.ts";

export const routeSchema = z.object({
  destination: addressField.describe('Destination with its prefix length; "0.0.0.0/0" or "::/0" is the default route.'),
  type: z.enum(["unicast", "blackhole", "unreachable", "prohibit", "local"]).default("unicast").describe("What the route does."),
  nextHops: wholeList(
    z
      .array(
        z.object({
          via: z.string().max(45).optional().describe("Gateway."),
          interface: interfaceNameField.optional().describe("Outgoing interface."),
          weight: z.int().min(1).max(256).optional().describe("Share of a multipath route."),
          onLink: z.boolean().optional().describe("The gateway is on the link whatever the subnets say."),
        }),
      )
      .max(32),
  )
    .optional()
    .describe("Next hops; more than one make a multipath route."),
  source: z.string().max(45).optional().describe("Preferred source address."),
  metric: z.int().min(0).max(4294967295).optional().describe("Priority of the route."),
  table: z.int().min(1).max(4294967295).optional().describe("Routing table; default: main."),
  scope: addressScopeField.optional().describe("Scope of the route."),
  mtu: z.int().min(68).max(65535).optional().describe("MTU of the path."),
});
export type Route = z.infer<typeof routeSchema>;

export const ruleSchema = z.object({
  family: familyField.optional().describe("Needed where neither `from` nor `to` says it; default: IPv4."),
  priority: z.int().min(1).max(32765).optional().describe("Position among the rules."),
  from: addressField.optional().describe("Source prefix."),
  to: addressField.optional().describe("Destination prefix."),
  inputInterface: interfaceNameField.optional().describe("Interface on which the packet came."),
  outputInterface: interfaceNameField.optional().describe("Interface to which the socket is bound."),
  firewallMark: z.int().min(0).max(4294967295).optional().describe("Mark of the packet."),
  firewallMask: z.int().min(0).max(4294967295).optional().describe("Bits of the mark that count."),
  action: z.enum(["lookup", "blackhole", "unreachable", "prohibit"]).default("lookup").describe("What happens to the packet."),
  table: z.int().min(1).max(4294967295).optional().describe("Table to look up."),
});
export type PolicyRule = z.infer<typeof ruleSchema>;
