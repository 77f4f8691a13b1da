/** Field types that several kinds share. */
import { z } from "zod";
import { durationPattern } from "./duration.ts";
import { type Rule, withRules } from "./rules.ts";

/** A pattern as a rule, because kube-apiserver's own message for a pattern is the pattern. It must mean the same to RE2 and to JavaScript. */
function matches(pattern: RegExp, message: string): Rule<string> {
  return { cel: `self.matches(${JSON.stringify(pattern.source)})`, holds: (text) => pattern.test(text), message };
}

/** A Go duration such as "100ms". */
export const durationField = withRules(z.string().max(32), [
  matches(durationPattern, 'must be a duration such as "100ms", "1s" or "1m30s"'),
]);

/** A status code of HTTP, or a range of them: "200", "200-399". */
export const statusPattern = /^[1-5][0-9]{2}(-[1-5][0-9]{2})?$/;

/** The name of a Linux network interface: IFNAMSIZ is 16 with the terminator; of what the kernel allows only printable ASCII. */
export const interfacePattern = /^[!-.0-9;-~]+$/;
export const interfaceField = withRules(z.string().max(15), [
  matches(interfacePattern, "must be the name of a network interface: 1 to 15 characters, no space, '/' or ':'"),
]);

/** The same where the operator writes it, thousands of times: a rule for each would exceed what kube-apiserver lets a CRD cost. */
export const interfaceNameField = z.string().min(1).max(15);

/** A DNS label, as segment names are. */
export const dnsLabelField = withRules(z.string().max(63), [
  matches(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be a DNS label: 1 to 63 lower-case letters, digits and '-', no '-' at either end"),
]);

/** "192.0.2.10", "192.0.2.10/24", "2001:db8::10" or "2001:db8::10/64"; the exact rule stands where the field is used. */
export const addressField = z.string().max(49);

export const vrrpVersionField = z.literal([2, 3]).meta({ type: "integer" });
export const virtualRouterIDField = z.int().min(1).max(255);
/** TTL or hop limit of packets that leave, and with which they may arrive. */
export const ttlField = z.int().min(1).max(255);
export const receivedTTLField = z.int().min(0).max(255);
export const priorityField = z.int().min(1).max(255);
export const timeField = z.string().meta({ format: "date-time" });
export const familyField = z.enum(["IPv4", "IPv6"]);

/** States of a virtual router: RFC 9568 §6.4 calls them Initialize, Backup and Active; the field says MASTER. */
export const routerStateField = z.enum(["INIT", "BACKUP", "MASTER", "FAULT"]);

/** Which IPv4 checksum VRRPv3 adverts carry: RFC 9568 §5.2.8 leaves the pseudo-header out; keepalived and FRR send it by default. */
export const checksumField = z.enum(["Auto", "WithoutPseudoHeader", "WithPseudoHeader"]);

/** Scope of an address or route, as ip-address(8) names it. */
export const addressScopeField = z.enum(["global", "site", "link", "host", "nowhere"]);

/** What a tracked thing does to the priority; with 0 it decides between election and FAULT. */
export const trackWeightField = z.int().min(-253).max(253);

/** Whose rights a program gets. In a cluster the agent's own flag decides. */
export const scriptUserField = z.string().max(65).optional().describe("USER or USER:GROUP that it runs as; honoured standalone only.");
