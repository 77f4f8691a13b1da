/** Field types that several kinds share. Patterns are RE2-safe: kube-apiserver compiles them too. */
import { z } from "zod";
import { durationPattern } from "./duration.ts";

/** A Go duration such as "100ms". */
export const durationField = z.string().max(32).regex(durationPattern, 'must be a duration such as "100ms", "1s" or "1m30s"');

/** The name of a Linux network interface: IFNAMSIZ is 16 with the terminator, and "/" and white space are not allowed. */
export const interfaceField = z
  .string()
  .min(1)
  .max(15)
  .regex(/^[^/:\s]+$/, "must be the name of a network interface (1 to 15 characters, no space, '/' or ':')");

/** A Kubernetes label value or DNS label, as segment names are. */
export const dnsLabelField = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "must be a DNS label (lower-case letters, digits and '-')");

/** "192.0.2.10", "192.0.2.10/24", "2001:db8::10" or "2001:db8::10/64"; the exact rule is a CEL expression at the list. */
export const addressField = z.string().min(2).max(49);

export const virtualRouterIDField = z.int().min(1).max(255);
export const priorityField = z.int().min(1).max(255);
export const timeField = z.string().meta({ format: "date-time" });
export const familyField = z.enum(["IPv4", "IPv6"]);

/** States of a virtual router: RFC 9568 §6.4 calls them Initialize, Backup and Active; the field says MASTER. */
export const routerStateField = z.enum(["INIT", "BACKUP", "MASTER", "FAULT"]);
export type RouterState = z.infer<typeof routerStateField>;

/** Which IPv4 checksum VRRPv3 adverts carry: RFC 9568 §5.2.8 leaves the pseudo-header out; keepalived and FRR send it by default. */
export const checksumField = z.enum(["Auto", "WithoutPseudoHeader", "WithPseudoHeader"]);
