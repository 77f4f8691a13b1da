/** spec.vrrp of a VirtualIP: the parameters of the election. */
import { z } from "zod";
import { bareAddressesRule, multicastGroupRules, perFamilyRules } from "./addressRules.ts";
import { announcementsSchema } from "./announcements.ts";
import { durationPattern, parseDuration } from "./duration.ts";
import { checksumField, durationField, receivedTTLField, ttlField, virtualRouterIDField, vrrpVersionField } from "./fields.ts";
import { defaultInterval, fitsInterval, intervalRanges } from "./interval.ts";
import { type Rule, wholeList, withRules } from "./rules.ts";

const bareAddressField = z.string().max(45);
const perFamily = { ipv4: bareAddressField.optional().describe("IPv4."), ipv6: bareAddressField.optional().describe("IPv6.") };

/** Where adverts come from, for each family. */
export const sourceAddressSchema = withRules(z.object(perFamily), perFamilyRules);
const multicastGroupSchema = withRules(z.object(perFamily), multicastGroupRules);

interface Announcements {
  at: string[];
}

const announcementRules: Rule<Announcements>[] = [
  {
    cel: `!self.at.all(t, t.matches(${JSON.stringify(durationPattern.source)})) || (self.at.map(t, duration(t)).isSorted() && self.at.all(t, duration(t) <= duration('1m')))`,
    holds: ({ at }) => {
      const times = at.map((text) => milliseconds(text, durationPattern));
      if (times.includes(undefined)) return true;
      return times.every((time, index) => (time ?? 0) <= 60_000 && (index === 0 || (times[index - 1] ?? 0) <= (time ?? 0)));
    },
    message: 'at must be in ascending order, and none above 1m, such as ["0s", "5s"]',
    field: "at",
  },
];

const authenticationSchema = z.object({
  type: z.enum(["PASS"]).describe("PASS: the simple text password of RFC 2338."),
  secretRef: z
    .object({
      name: z.string().min(1).max(253).describe("Name of a Secret in the namespace of the agents."),
      key: z.string().min(1).max(253).default("password").describe("Key in the Secret. Of its value 8 bytes count."),
    })
    .describe("Where the password is."),
});

/** What adverts arrive with that no router has forwarded. RFC 9568 §5.1.1.3 has it so of multicast. */
export const strictTTL = 255;

interface Vrrp {
  version: 2 | 3;
  advertisementInterval?: string;
  preempt: boolean;
  preemptDelay: string;
  mode: "Multicast" | "Unicast";
  unicastPeers?: string[];
  unicastTTL?: number;
  minimumTTL?: number;
  maximumTTL?: number;
  multicastGroup?: object;
  authentication?: object;
  virtualMAC: boolean;
  advertsWithVirtualMAC?: boolean;
}

/** A field that means something in one mode only. */
function onlyInMode(field: "unicastPeers" | "unicastTTL" | "minimumTTL" | "maximumTTL" | "multicastGroup", mode: Vrrp["mode"]): Rule<Vrrp> {
  return {
    cel: `!has(self.${field}) || self.mode == '${mode}'`,
    holds: (vrrp) => vrrp[field] === undefined || vrrp.mode === mode,
    message: `${field} must be left out unless mode is ${mode}`,
    field,
  };
}

/** One number and one unit, and no fraction of a millisecond: CEL counts whole milliseconds only. */
export const intervalPattern = /^([0-9]{1,6}ms|[0-9]{1,3}(\.[0-9]{1,3})?s)$/;

/** Milliseconds; undefined for what the pattern does not take. */
export const milliseconds = (text: string, pattern: RegExp) => (pattern.test(text) ? parseDuration(text) : undefined);
const matches = (field: string, pattern: RegExp) => `self.${field}.matches(${JSON.stringify(pattern.source)})`;

function intervalRule(version: 2 | 3): Rule<Vrrp> {
  const { least, greatest, step, allowed } = intervalRanges[version];
  const value = "duration(self.advertisementInterval).getMilliseconds()";
  const inRange = `${value} >= ${least} && ${value} <= ${greatest} && ${value} % ${step} == 0`;
  return {
    cel: `!has(self.advertisementInterval) || self.version != ${version} || (${matches("advertisementInterval", intervalPattern)} && ${inRange})`,
    holds: (vrrp) => {
      if (vrrp.advertisementInterval === undefined || vrrp.version !== version) return true;
      return fitsInterval(version, milliseconds(vrrp.advertisementInterval, intervalPattern) ?? Number.NaN);
    },
    message: `advertisementInterval of VRRP version ${version} must be ${allowed}, such as "${defaultInterval[version]}"`,
    field: "advertisementInterval",
  };
}

const vrrpRules: Rule<Vrrp>[] = [
  intervalRule(3),
  intervalRule(2),
  {
    cel: `${matches("preemptDelay", durationPattern)} && duration(self.preemptDelay) <= duration('1000s')`,
    holds: ({ preemptDelay }) => (milliseconds(preemptDelay, durationPattern) ?? Number.NaN) <= 1_000_000,
    message: 'preemptDelay must be a duration of at most 1000s, such as "0s" or "30s"',
    field: "preemptDelay",
  },
  {
    cel: `self.preempt || !${matches("preemptDelay", durationPattern)} || duration(self.preemptDelay) == duration('0s')`,
    holds: ({ preempt, preemptDelay }) => preempt || (milliseconds(preemptDelay, durationPattern) ?? 0) === 0,
    message: "preemptDelay must be 0s when preempt is false: nothing is delayed then",
    field: "preemptDelay",
  },
  onlyInMode("unicastPeers", "Unicast"),
  onlyInMode("unicastTTL", "Unicast"),
  onlyInMode("minimumTTL", "Unicast"),
  onlyInMode("maximumTTL", "Unicast"),
  onlyInMode("multicastGroup", "Multicast"),
  {
    cel: `(has(self.minimumTTL) ? self.minimumTTL : ${strictTTL}) <= (has(self.maximumTTL) ? self.maximumTTL : ${strictTTL})`,
    holds: ({ minimumTTL = strictTTL, maximumTTL = strictTTL }) => minimumTTL <= maximumTTL,
    message: `maximumTTL must be no less than minimumTTL, which is ${strictTTL} when it is left out`,
    field: "maximumTTL",
  },
  {
    cel: "!has(self.advertsWithVirtualMAC) || self.virtualMAC",
    holds: ({ advertsWithVirtualMAC, virtualMAC }) => advertsWithVirtualMAC === undefined || virtualMAC,
    message: "advertsWithVirtualMAC must be left out unless virtualMAC is true",
    field: "advertsWithVirtualMAC",
  },
  {
    cel: "!has(self.authentication) || self.version == 2",
    holds: ({ authentication, version }) => authentication === undefined || version === 2,
    message: "authentication must be left out unless version is 2: version 3 has none (RFC 5798 9)",
    field: "authentication",
  },
];

/** A duration whose exact rule is in vrrpRules. */
const durationText = z.string().max(32);

export const vrrpSchema = withRules(
  z.object({
    version: vrrpVersionField
      .default(3)
      .describe("VRRP version of the IPv4 adverts: 3 (RFC 9568) or 2 (RFC 3768). IPv6 is always version 3."),
    virtualRouterID: virtualRouterIDField
      .optional()
      .describe("VRID (1-255), unique on the segment. Default: the lowest free one, recorded in status.virtualRouterID."),
    advertisementInterval: durationText
      .optional()
      .describe(
        "Time between adverts. Version 3: 10ms to 40.95s in steps of 10ms, default 100ms. Version 2: whole seconds from 1s to 255s, default 1s.",
      ),
    preempt: z
      .boolean()
      .default(true)
      .describe("Whether a node of higher priority takes the addresses from a living one of lower priority."),
    preemptDelay: durationText.default("0s").describe("How long such a node waits after its start before it does so; at most 1000s."),
    checksum: checksumField
      .default("Auto")
      .describe(
        "Checksum form of version 3 over IPv4. Auto: without pseudo-header as RFC 9568 says, or with it once a peer is heard that uses it (keepalived, FRR).",
      ),
    mode: z
      .enum(["Multicast", "Unicast"])
      .default("Multicast")
      .describe("Unicast: adverts go to each of the other candidates, and only theirs are heard; for networks that carry no multicast."),
    unicastPeers: withRules(wholeList(z.array(bareAddressField).max(32)), [bareAddressesRule("unicastPeers")])
      .optional()
      .describe("With mode Unicast: peers besides the candidates, such as routers outside the cluster; standalone: all peers."),
    unicastTTL: ttlField.optional().describe("With mode Unicast: TTL or hop limit that adverts leave with. Default: 255."),
    minimumTTL: receivedTTLField
      .optional()
      .describe(
        "With mode Unicast: the least TTL or hop limit that adverts of peers may arrive with. Default: 255, which nobody beyond the link can feign. Peers N routers away that send 255: 255 - N.",
      ),
    maximumTTL: receivedTTLField.optional().describe("With mode Unicast: the greatest one. Default: 255."),
    multicastGroup: multicastGroupSchema
      .optional()
      .describe("Where adverts go instead of 224.0.0.18 and ff02::12. Separates routers of equal VRID."),
    sourceAddress: sourceAddressSchema
      .optional()
      .describe("Source address of the adverts; differs from node to node, so see nodes.overrides. Default: the interface's own."),
    trackSourceAddress: z
      .boolean()
      .optional()
      .describe("Whether a node is in FAULT while the source address that is given for it is not on its interface. Default: false."),
    authentication: authenticationSchema
      .optional()
      .describe("Version 2: what adverts must prove to know. Sent in clear text: it guards against mistakes, not against attackers."),
    virtualMAC: z
      .boolean()
      .default(false)
      .describe("Whether the addresses have the virtual router MAC address 00-00-5E-00-01-VRID (IPv6: 00-00-5E-00-02-VRID), on a macvlan."),
    advertsWithVirtualMAC: z
      .boolean()
      .optional()
      .describe(
        "With virtualMAC: false: adverts come from the MAC address of the interface nevertheless. Default: true; unicast ones always do.",
      ),
    accept: z
      .boolean()
      .optional()
      .describe(
        "Accept_Mode (RFC 9568 6.1). False: the active node answers ARP and Neighbor Solicitations for the addresses and forwards, but takes no packets that are sent to them; for addresses that are gateways only. Default: true, and for an address owner (priority 255) always.",
      ),
    gratuitousARP: withRules(announcementsSchema, announcementRules)
      .optional()
      .describe(
        'When gratuitous ARP and unsolicited NA are sent. Default: after 0s, 50ms, 250ms, 1s and 5s. As keepalived: {at: ["0s", "5s"], copies: 5}.',
      ),
    downTimerAdverts: z.int().min(1).max(100).optional().describe("Intervals of silence before a takeover. Default: 3."),
    startupDelay: durationField.optional().describe("No election for that long after the start of an agent, such as for a slow switch."),
    trackPrimary: z.boolean().optional().describe("False: a fault of the interface is ignored. Default: true."),
    linkLocalFirst: z
      .boolean()
      .optional()
      .describe(
        "IPv6 adverts begin with a link-local address, and others are refused (RFC 9568 5.2.9). Default: true. False for peers such as keepalived.",
      ),
  }),
  vrrpRules,
);
