/** One entry of NodeAgent.spec.virtualRouters → the core's form, or why it cannot run. Pure. */
import { parseDuration } from "../../api/duration.ts";
import { fitsInterval, intervalRanges } from "../../api/interval.ts";
import { contains, parseAddress, parsePrefix } from "../../api/ipAddress.ts";
import type { VirtualRouterSpec } from "../../api/nodeAgent.ts";
import { strictTTL } from "../../api/vrrpParameters.ts";
import type { SecretLookup } from "../credentials/secrets.ts";
import type { DesiredRouter } from "../native/desiredState.ts";
import { canonicalAddress, Refusal, routerAddresses } from "./desiredAddress.ts";
import { defined, desiredRoute, desiredRule } from "./desiredRoute.ts";

export const routerKey = (virtualIP: string, family: string) => `${virtualIP}/${family}`;

/** The virtual IP and the family that a key was made of. */
export function splitKey(key: string): { virtualIP: string; family: string } {
  const slash = key.lastIndexOf("/");
  return { virtualIP: key.slice(0, slash), family: key.slice(slash + 1) };
}

export interface RouterContext {
  secrets: SecretLookup;
  /** Whether a check of that name runs. */
  hasCheck(name: string): boolean;
  /** Tells of something that runs with another value than the one written. */
  adjusted(message: string): void;
}

const longestDelay = { milliseconds: 1_000_000, text: "1000s" };

/** @throws Refusal */
export function desiredRouter(entry: VirtualRouterSpec, context: RouterContext): DesiredRouter {
  const { family, version, interface: device } = entry;
  if (family === "IPv6" && version === 2) throw new Refusal("version: IPv6 needs VRRP version 3");
  const routes = entry.routes?.map((route) => desiredRoute(route, "routes"));
  const rules = entry.rules?.map((rule) => desiredRule(rule, "rules"));
  return defined<DesiredRouter>({
    key: routerKey(entry.virtualIP, family),
    family,
    interface: device,
    virtualRouterID: entry.virtualRouterID,
    version,
    priority: entry.priority,
    advertisementIntervalMs: interval(entry),
    preempt: entry.preempt,
    preemptDelayMs: delay(entry.preemptDelay, "preemptDelay"),
    checksum: entry.checksum,
    addresses: routerAddresses(entry),
    linkLocalFirst: entry.linkLocalFirst,
    downTimerAdverts: entry.downTimerAdverts,
    startupDelayMs: entry.startupDelay === undefined ? undefined : delay(entry.startupDelay, "startupDelay"),
    ...transport(entry, context),
    password: entry.passwordRef && password(entry.passwordRef, version, context),
    virtualMACInterface: entry.virtualMACInterface,
    advertsWithVirtualMAC: entry.advertsWithVirtualMAC,
    group: entry.group,
    ...tracks(entry, context),
    trackPrimary: entry.trackPrimary,
    announcements: entry.announcements && announcements(entry.announcements),
    conflicts: entry.conflicts,
    accept: entry.accept,
    deadMan: entry.deadMan,
    handOver: entry.handOver,
    routes,
    rules,
  });
}

function interval({ version, advertisementInterval }: VirtualRouterSpec): number {
  const milliseconds = parseDuration(advertisementInterval) ?? Number.NaN;
  if (fitsInterval(version, milliseconds)) return milliseconds;
  throw new Refusal(`advertisementInterval: version ${version} allows ${intervalRanges[version].allowed}, not ${advertisementInterval}`);
}

function delay(text: string, field: string): number {
  const milliseconds = parseDuration(text) ?? Number.NaN;
  if (!(milliseconds <= longestDelay.milliseconds)) throw new Refusal(`${field}: must be at most ${longestDelay.text}, not ${text}`);
  return Math.round(milliseconds);
}

type Transport = Pick<
  DesiredRouter,
  "sourceAddress" | "trackSourceAddress" | "multicastGroup" | "unicastPeers" | "peerTTLs" | "unicastTTL"
>;

function transport(entry: VirtualRouterSpec, { adjusted }: RouterContext): Transport {
  const { family, sourceAddress, multicastGroup, unicastPeers, trackSourceAddress, unicastTTL } = entry;
  const group = canonicalAddress(multicastGroup, family, "multicastGroup");
  if (group !== undefined && !isMulticast(group)) throw new Refusal(`multicastGroup: ${group} is not a multicast address`);
  const source = canonicalAddress(sourceAddress, family, "sourceAddress");
  const listed = unicastPeers?.map((peer) => canonicalAddress(peer, family, "unicastPeers"));
  const peers = listed && [...new Set(listed)];
  if (source !== undefined && peers?.includes(source)) throw new Refusal(`unicastPeers: ${source} is the source address of this node`);
  // The core takes no peers for multicast: a node whose last peer is gone loses nothing by it.
  if (peers?.length === 0) adjusted("unicastPeers is empty: adverts go to the multicast group");
  const peerTTLs = peers && readPeerTTLs(entry, peers);
  return { sourceAddress: source, trackSourceAddress, multicastGroup: group, unicastPeers: peers, peerTTLs, unicastTTL };
}

/** One for each of `peers`; undefined where nothing is said of any. */
function readPeerTTLs({ family, peerTTLs = [] }: VirtualRouterSpec, peers: readonly string[]): DesiredRouter["peerTTLs"] {
  if (peerTTLs.length === 0) return undefined;
  const ranges = new Map(peerTTLs.map(({ peer, ...range }) => [canonicalAddress(peer, family, "peerTTLs"), range]));
  return peers.map((peer) => ranges.get(peer) ?? { minimum: strictTTL, maximum: strictTTL });
}

const multicastRanges = ["224.0.0.0/4", "ff00::/8"].flatMap((text) => parsePrefix(text) ?? []);

function isMulticast(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && multicastRanges.some((range) => contains(range, address));
}

/** RFC 2338 §5.3.10: the field has 8 bytes. */
const passwordBytes = 8;

/** Sent without its password, a router would elect by itself beside the others: it must not run. Messages never show the value. */
function password(ref: NonNullable<VirtualRouterSpec["passwordRef"]>, version: number, { secrets, adjusted }: RouterContext): string {
  if (version !== 2) throw new Refusal("passwordRef: only version 2 has passwords (RFC 9568 §9)");
  const secret = secrets.lookUp(ref.name, ref.key);
  if (!secret.ok) throw new Refusal(`passwordRef: ${secret.message}`);
  const where = `passwordRef: the value of key ${ref.key} in Secret ${ref.name}`;
  if (secret.value === "") throw new Refusal(`${where} is empty`);
  if (!/^[ -~]*$/.test(secret.value))
    throw new Refusal(`${where} has a character that is not printable ASCII, perhaps a line break at its end`);
  if (secret.value.length > passwordBytes)
    adjusted(`${where} is longer than ${passwordBytes} characters: the first ${passwordBytes} count`);
  return secret.value.slice(0, passwordBytes);
}

/**
 * A check that cannot run is left out and told: the router would otherwise be taken from every node at once by one check that none of them
 * can run.
 */
function tracks({ track = [] }: VirtualRouterSpec, { hasCheck, adjusted }: RouterContext): Pick<DesiredRouter, "checks" | "interfaces"> {
  const checks: NonNullable<DesiredRouter["checks"]> = [];
  const interfaces: NonNullable<DesiredRouter["interfaces"]> = [];
  for (const { check, interface: name, weight, reverse } of track) {
    if ((check === undefined) === (name === undefined)) throw new Refusal("track: an entry names either a check or an interface");
    if (name !== undefined) interfaces.push({ interface: name, weight, reverse });
    else if (check !== undefined && hasCheck(check)) checks.push({ check, weight, reverse });
    else adjusted(`track: check "${check}" does not run and so does not count`);
  }
  return { checks: checks.length > 0 ? checks : undefined, interfaces: interfaces.length > 0 ? interfaces : undefined };
}

function announcements({ at, copies, refresh, refreshCopies }: NonNullable<VirtualRouterSpec["announcements"]>) {
  const atMs = at.map((text) => delay(text, "announcements.at"));
  if (atMs.some((time, index) => time < (atMs[index - 1] ?? 0))) throw new Refusal("announcements.at: the times must ascend");
  return { atMs, copies, refreshMs: Math.round(parseDuration(refresh) ?? 0), refreshCopies };
}

/** What only one virtual router of a node may have, each with what to say to a second one. */
export function routerClaims(router: DesiredRouter): { claim: string; refusal: (owner: string) => string }[] {
  const { key, family, interface: name, virtualRouterID: vrid, virtualMACInterface: macvlan, addresses } = router;
  return [
    { claim: key, refusal: () => "is listed twice" },
    { claim: `${name} ${family} ${vrid}`, refusal: (owner) => `virtualRouterID: ${vrid} on ${name} is used by ${owner}` },
    ...(macvlan === undefined
      ? []
      : [{ claim: `macvlan ${macvlan}`, refusal: (owner: string) => `virtualMACInterface: ${macvlan} belongs to ${owner}` }]),
    ...addresses.map(({ address, interface: place = macvlan ?? name }) => ({
      claim: addressClaim(address, place),
      refusal: (owner: string) => `addresses: ${address} belongs to ${owner}`,
    })),
  ];
}

/** A link-local address is another one on every link. */
export function addressClaim(address: string, device: string): string {
  const [host = ""] = address.split("/");
  return /^fe[89ab]/.test(host) ? `${device} ${host}` : host;
}
