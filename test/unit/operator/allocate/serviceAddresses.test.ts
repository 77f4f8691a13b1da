import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mostSharers } from "../../../../src/api/addressPoolStatus.ts";
import { mergeRanges, parseRange } from "../../../../src/api/addressRange.ts";
import { type Family, parseAddress } from "../../../../src/api/ipAddress.ts";
import { type AllocationQuestion, allocateAddresses } from "../../../../src/operator/allocate/serviceAddresses.ts";
import type { PoolClaim, ServiceAddresses, ServiceClaim } from "../../../../src/operator/allocate/serviceClaims.ts";
import { timeAt } from "../samples.ts";

function pool(name: string, ranges: string[], more: Partial<PoolClaim> = {}): PoolClaim {
  return {
    name,
    ranges: mergeRanges(ranges.flatMap((text) => parseRange(text) ?? [])),
    open: true,
    priority: 0,
    autoAssign: true,
    skipZeroAnd255: false,
    sharing: "Namespace",
    assignments: [],
    most: 4096,
    ...more,
  };
}

interface Wish extends Partial<Omit<ServiceClaim, "requested">> {
  asks?: string[];
}

/** Of the namespace web, for one IPv4 address. */
function service(name: string, age: number, { asks = [], ...more }: Wish = {}): ServiceClaim {
  const { namespace = "web" } = more;
  return {
    key: `${namespace}/${name}`,
    namespace,
    createdAt: timeAt(age),
    families: ["IPv4"],
    needsAll: true,
    requested: asks.flatMap((text) => parseAddress(text) ?? []),
    ports: ["TCP/80"],
    present: [],
    ...more,
  };
}

/** "a: 192.0.2.1" or, without any, "a: Reason"; both where it has not what it asks for. */
function allocate(pools: PoolClaim[], services: ServiceClaim[], more: Pick<AllocationQuestion, "taken" | "mayUse"> = {}): string[] {
  const results = allocateAddresses({ pools, services, ...more });
  return services.map(({ key }) => {
    const { addresses = [], refusal } = results.get(key) ?? {};
    return `${key.slice(key.indexOf("/") + 1)}: ${[...addresses, ...(refusal ? [refusal.reason] : [])].join(" ")}`;
  });
}

const small = ["192.0.2.1-192.0.2.2"];
const dual = ["192.0.2.1-192.0.2.2", "2001:db8::1-2001:db8::2"];
const both: Family[] = ["IPv4", "IPv6"];
const many = Array.from({ length: mostSharers - 1 });
const given = (address: string, ...services: string[]) => ({ address, services: services.map((name) => `web/${name}`) });

interface Case extends Pick<AllocationQuestion, "taken" | "mayUse"> {
  name: string;
  pools: PoolClaim[];
  services: ServiceClaim[];
  expected: string[];
}

const cases: Case[] = [
  {
    name: "the lowest free address, older first, and none for the last",
    pools: [pool("p", small)],
    services: [service("c", 3), service("a", 1), service("b", 2)],
    expected: ["c: PoolExhausted", "a: 192.0.2.1", "b: 192.0.2.2"],
  },
  {
    name: "what is recorded stays, though an older Service comes",
    pools: [pool("p", ["192.0.2.1"], { assignments: [given("192.0.2.1", "young")] })],
    services: [service("old", 1), service("young", 9)],
    expected: ["old: PoolExhausted", "young: 192.0.2.1"],
  },
  {
    name: "what is recorded for a Service that is not there is nobody else's",
    pools: [pool("p", ["192.0.2.1"], { assignments: [given("192.0.2.1", "gone")] })],
    services: [service("a", 1)],
    expected: ["a: PoolExhausted"],
  },
  {
    name: "of two pools the one of higher priority, then the next",
    pools: [pool("a", ["192.0.2.1"]), pool("z", ["198.51.100.1"], { priority: 5 })],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 198.51.100.1", "b: 192.0.2.1"],
  },
  {
    name: "a pool without autoAssign only for who asks for it or for an address of it",
    pools: [pool("p", ["192.0.2.1-192.0.2.9"], { autoAssign: false })],
    services: [service("a", 1), service("b", 2, { pool: "p" }), service("c", 3, { asks: ["192.0.2.7"] })],
    expected: ["a: NoPool", "b: 192.0.2.1", "c: 192.0.2.7"],
  },
  {
    name: "who asks for an address comes before those who take any",
    pools: [pool("p", small)],
    services: [service("a", 1), service("b", 2, { asks: ["192.0.2.1"] })],
    expected: ["a: 192.0.2.2", "b: 192.0.2.1"],
  },
  {
    name: "an address that somebody has, that is a VirtualIP's, and that no pool holds",
    pools: [pool("p", small)],
    services: [
      service("a", 1, { asks: ["192.0.2.1"] }),
      service("b", 2, { asks: ["192.0.2.1"] }),
      service("c", 3, { asks: ["192.0.2.2"] }),
      service("d", 4, { asks: ["192.0.2.9"] }),
    ],
    taken: new Map([["192.0.2.2", 'VirtualIP "gateway"']]),
    expected: ["a: 192.0.2.1", "b: AddressTaken", "c: AddressTaken", "d: AddressNotInPool"],
  },
  {
    name: "an address of a VirtualIP is not chosen either",
    pools: [pool("p", small)],
    services: [service("a", 1)],
    taken: new Map([["192.0.2.1", 'VirtualIP "gateway"']]),
    expected: ["a: 192.0.2.2"],
  },
  {
    name: "a pool that is not there, not open, or not for it",
    pools: [pool("closed", ["192.0.2.1"], { open: false }), pool("p", ["192.0.2.2"])],
    services: [service("a", 1, { pool: "other" }), service("b", 2, { pool: "closed" }), service("c", 3, { pool: "p" })],
    mayUse: (key) => key !== "web/c",
    expected: ["a: PoolNotFound", "b: PoolNotAccepted", "c: PoolNotAllowed"],
  },
  {
    name: "nothing as long as it is not known whether a pool is for it, but what it names is",
    pools: [pool("first", ["192.0.2.1"], { priority: 1 }), pool("second", ["192.0.2.2"])],
    services: [service("a", 1), service("b", 2, { pool: "second" })],
    mayUse: (_, name) => (name === "first" ? undefined : true),
    expected: ["a: NamespaceUnknown", "b: 192.0.2.2"],
  },
  {
    name: "a closed pool keeps what it has given",
    pools: [pool("p", small, { open: false, assignments: [given("192.0.2.1", "a")] })],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 192.0.2.1", "b: PoolNotAccepted"],
  },
  {
    name: "a pool that no longer holds an address keeps it given",
    pools: [pool("p", ["192.0.2.2"], { assignments: [given("192.0.2.1", "a")] })],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 192.0.2.1", "b: 192.0.2.2"],
  },
  {
    name: "both families from one pool, in the Service's own order",
    pools: [pool("p", dual)],
    services: [service("a", 1, { families: ["IPv6", "IPv4"] })],
    expected: ["a: 2001:db8::1 192.0.2.1"],
  },
  {
    name: "dual stack required: nothing from a pool of one family; preferred: what there is",
    pools: [pool("p", small)],
    services: [service("a", 1, { families: both }), service("b", 2, { families: both, needsAll: false })],
    expected: ["a: FamilyMismatch", "b: 192.0.2.1"],
  },
  {
    name: "dual stack preferred: a pool of both families before one of higher priority, and the second family when there is one",
    pools: [pool("four", ["198.51.100.1"], { priority: 9 }), pool("p", dual, { assignments: [given("192.0.2.1", "b")] })],
    services: [service("a", 1, { families: both, needsAll: false }), service("b", 2, { families: both, needsAll: false })],
    expected: ["a: 192.0.2.2 2001:db8::1", "b: 192.0.2.1 2001:db8::2"],
  },
  {
    name: "from two families to one: the other address is given up",
    pools: [pool("p", dual, { assignments: [given("192.0.2.1", "a"), given("2001:db8::1", "a")] })],
    services: [service("a", 1, { families: ["IPv6"] })],
    expected: ["a: 2001:db8::1"],
  },
  {
    name: "another address that is asked for replaces the first; one that is taken does not",
    pools: [pool("p", ["192.0.2.1-192.0.2.3"], { assignments: [given("192.0.2.1", "a"), given("192.0.2.2", "b")] })],
    services: [service("a", 1, { asks: ["192.0.2.3"] }), service("b", 2, { asks: ["192.0.2.1"] })],
    expected: ["a: 192.0.2.3", "b: 192.0.2.2 AddressTaken"],
  },
  {
    name: "another pool that is asked for replaces the first",
    pools: [pool("p", small, { assignments: [given("192.0.2.1", "a")] }), pool("q", ["198.51.100.1"])],
    services: [service("a", 1, { pool: "q" })],
    expected: ["a: 198.51.100.1"],
  },
  {
    name: "one key shares an address, with different ports and in one namespace only",
    pools: [pool("p", ["192.0.2.1-192.0.2.9"])],
    services: [
      service("a", 1, { sharingKey: "k" }),
      service("b", 2, { sharingKey: "k", ports: ["TCP/443", "UDP/80"] }),
      service("c", 3, { sharingKey: "k" }),
      service("d", 4, { sharingKey: "k", namespace: "shop", ports: ["TCP/25"] }),
      service("e", 5, { ports: ["TCP/26"] }),
    ],
    expected: ["a: 192.0.2.1", "b: 192.0.2.1", "c: 192.0.2.2", "d: 192.0.2.3", "e: 192.0.2.4"],
  },
  {
    name: "across namespaces where the pool allows it, and not at all where it does not",
    pools: [pool("p", ["192.0.2.1-192.0.2.9"], { sharing: "Cluster" }), pool("q", ["198.51.100.1-198.51.100.9"], { sharing: "Disabled" })],
    services: [
      service("a", 1, { sharingKey: "k", pool: "p" }),
      service("b", 2, { sharingKey: "k", pool: "p", namespace: "shop", ports: ["TCP/25"] }),
      service("c", 3, { sharingKey: "k", pool: "q" }),
      service("d", 4, { sharingKey: "k", pool: "q", ports: ["TCP/25"] }),
    ],
    expected: ["a: 192.0.2.1", "b: 192.0.2.1", "c: 198.51.100.1", "d: 198.51.100.2"],
  },
  {
    name: "a port that is taken at the address that is asked for",
    pools: [pool("p", small)],
    services: [service("a", 1, { sharingKey: "k", asks: ["192.0.2.1"] }), service("b", 2, { sharingKey: "k", asks: ["192.0.2.1"] })],
    expected: ["a: 192.0.2.1", "b: PortTaken"],
  },
  {
    name: "sharers that no longer may: the older one keeps the address",
    pools: [pool("p", small, { assignments: [given("192.0.2.1", "a", "b")] })],
    services: [service("a", 1, { sharingKey: "k" }), service("b", 2, { ports: ["TCP/443"] })],
    expected: ["a: 192.0.2.1", "b: 192.0.2.2"],
  },
  {
    name: "without a record, what the status says, before anybody new",
    pools: [pool("p", small)],
    services: [service("a", 1), service("b", 2, { present: ["192.0.2.1"] })],
    expected: ["a: 192.0.2.2", "b: 192.0.2.1"],
  },
  {
    name: "two that say they have one address: the older has it",
    pools: [pool("p", small)],
    services: [service("a", 1, { present: ["192.0.2.2"] }), service("b", 2, { present: ["192.0.2.2"] })],
    expected: ["a: 192.0.2.2", "b: 192.0.2.1"],
  },
  {
    name: "no .0 and no .255, unless it is asked for",
    pools: [pool("p", ["192.0.2.254-192.0.3.1"], { skipZeroAnd255: true })],
    services: [service("a", 1), service("b", 2), service("c", 3), service("d", 4, { asks: ["192.0.3.0"] })],
    expected: ["a: 192.0.2.254", "b: 192.0.3.1", "c: PoolExhausted", "d: 192.0.3.0"],
  },
  {
    name: "no more than the record can hold",
    pools: [pool("p", small, { most: 1 })],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 192.0.2.1", "b: PoolExhausted"],
  },
  {
    name: "nor for who asks for a certain one",
    pools: [pool("p", small, { most: 1 })],
    services: [
      service("a", 1, { asks: ["192.0.2.1"] }),
      service("b", 2, { asks: ["192.0.2.2"] }),
      service("c", 3, { present: ["192.0.2.2"] }),
    ],
    expected: ["a: PoolExhausted", "b: AddressTaken", "c: 192.0.2.2"],
  },
  {
    name: "sharers beyond what the record can hold, with one that is giving the address up",
    pools: [pool("p", small, { assignments: [given("192.0.2.1", "gone", ...many.map((_, index) => `s${index}`))] })],
    services: [
      ...many.map((_, index) => service(`s${index}`, index, { sharingKey: "k", ports: [`TCP/${index}`] })),
      service("late", 99, { sharingKey: "k", ports: ["TCP/99"] }),
    ],
    expected: [...many.map((_, index) => `s${index}: 192.0.2.1`), "late: 192.0.2.2"],
  },
  {
    name: "one that two pools record stays with whom the first of them by name has it",
    pools: [pool("q", small, { assignments: [given("192.0.2.1", "a")] }), pool("p", small, { assignments: [given("192.0.2.1", "b")] })],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 192.0.2.2", "b: 192.0.2.1"],
  },
  {
    name: "what is recorded counts, whoever has it, and what is given since",
    pools: [pool("p", ["192.0.2.1-192.0.2.9"], { most: 3, assignments: [given("192.0.2.1", "gone")] })],
    services: [service("a", 1), service("b", 2), service("c", 3)],
    expected: ["a: 192.0.2.2", "b: 192.0.2.3", "c: PoolExhausted"],
  },
  {
    name: "what a status says and its Service no longer wants is free, and does not count",
    pools: [pool("p", small, { most: 1 }), pool("q", ["198.51.100.1-198.51.100.2"])],
    services: [
      service("a", 1, { present: ["192.0.2.1"], asks: ["192.0.2.2"] }),
      service("b", 2, { present: ["198.51.100.1"], asks: ["198.51.100.2"] }),
      service("c", 3, { pool: "q" }),
    ],
    expected: ["a: 192.0.2.2", "b: 198.51.100.2", "c: 198.51.100.1"],
  },
  {
    name: "one key shares what is recorded for another, but not what that one gives up",
    pools: [pool("p", ["192.0.2.1-192.0.2.9"], { assignments: [given("192.0.2.1", "a"), given("192.0.2.2", "b")] })],
    services: [
      service("a", 1, { sharingKey: "k" }),
      service("b", 2, { sharingKey: "l", asks: ["192.0.2.5"] }),
      service("c", 3, { sharingKey: "k", ports: ["TCP/443"] }),
      service("d", 4, { sharingKey: "l", ports: ["TCP/443"] }),
    ],
    expected: ["a: 192.0.2.1", "b: 192.0.2.5", "c: 192.0.2.1", "d: 192.0.2.5"],
  },
  {
    name: "no more newcomers share one than the record can hold, also where it is asked for",
    pools: [pool("p", small)],
    services: [
      ...[...many, undefined].map((_, index) => service(`s${index}`, index, { sharingKey: "k", ports: [`TCP/${index}`] })),
      service("late", 99, { sharingKey: "k", ports: ["TCP/99"] }),
    ],
    expected: [...[...many, undefined].map((_, index) => `s${index}: 192.0.2.1`), "late: 192.0.2.2"],
  },
  {
    name: "of two pools of one priority the first by name",
    pools: [pool("q", ["198.51.100.1"]), pool("p", ["192.0.2.1"])],
    services: [service("a", 1), service("b", 2)],
    expected: ["a: 192.0.2.1", "b: 198.51.100.1"],
  },
  {
    name: "from one family to the other: what is recorded is given up",
    pools: [pool("p", dual, { assignments: [given("192.0.2.1", "a")] })],
    services: [service("a", 1, { families: ["IPv6"] })],
    expected: ["a: 2001:db8::1"],
  },
  {
    name: "all addresses are of one pool, whatever is recorded and said",
    pools: [
      pool("p", dual, { assignments: [given("192.0.2.1", "a"), given("192.0.2.2", "b")] }),
      pool("q", ["2001:db8:1::1-2001:db8:1::9"], { assignments: [given("2001:db8:1::1", "a")] }),
    ],
    services: [service("a", 1, { families: both }), service("b", 2, { families: both, present: ["192.0.2.2", "2001:db8:1::2"] })],
    expected: ["a: 192.0.2.1 2001:db8::1", "b: 192.0.2.2 2001:db8::2"],
  },
  {
    name: "the second family comes from the pool of the first, not from a better one, and from no pool that is closed",
    pools: [
      pool("p", dual, { assignments: [given("192.0.2.1", "a")] }),
      pool("q", ["198.51.100.1", "2001:db8:1::1"], { open: false, assignments: [given("198.51.100.1", "b")] }),
      pool("z", ["203.0.113.1", "2001:db8:9::1"], { priority: 9 }),
    ],
    services: ["a", "b"].map((name, index) => service(name, index, { families: both, needsAll: false })),
    expected: ["a: 192.0.2.1 2001:db8::1", "b: 198.51.100.1"],
  },
  {
    name: "without a record both of what the status says, but one of a family, and none of another family",
    pools: [pool("p", ["192.0.2.1-192.0.2.3", "2001:db8::1-2001:db8::3"])],
    services: [
      service("a", 1, { families: both, present: ["192.0.2.3", "2001:db8::3"] }),
      service("b", 2, { present: ["192.0.2.2", "192.0.2.1"] }),
      service("c", 3, { present: ["2001:db8::1"] }),
    ],
    expected: ["a: 192.0.2.3 2001:db8::3", "b: 192.0.2.2", "c: 192.0.2.1"],
  },
  {
    name: "without a record nothing that no pool holds, nor what a closed one does",
    pools: [pool("p", small), pool("closed", ["198.51.100.1"], { open: false })],
    services: [service("a", 1, { present: ["203.0.113.1"] }), service("b", 2, { present: ["198.51.100.1"] })],
    expected: ["a: 192.0.2.1", "b: 192.0.2.2"],
  },
  {
    name: "what a status says stays nobody else's when what is asked for instead is taken",
    pools: [pool("p", small, { assignments: [given("192.0.2.2", "gone")] })],
    services: [service("a", 1, { present: ["192.0.2.1"], asks: ["192.0.2.2"] }), service("b", 2)],
    expected: ["a: 192.0.2.1 AddressTaken", "b: PoolExhausted"],
  },
  {
    name: "one family of two: a complaint where both are needed, none where one will do, asked for or not",
    pools: [pool("p", ["192.0.2.1-192.0.2.3"], { assignments: [given("192.0.2.1", "a"), given("192.0.2.2", "b")] })],
    services: [
      service("a", 1, { families: both }),
      service("b", 2, { families: both, needsAll: false }),
      service("c", 3, { families: both, needsAll: false, asks: ["192.0.2.3"] }),
    ],
    expected: ["a: 192.0.2.1 FamilyMismatch", "b: 192.0.2.2", "c: 192.0.2.3"],
  },
  {
    name: "wishes that are wrong: nothing is given",
    pools: [pool("p", small)],
    services: [service("a", 1, { problem: { reason: "InvalidAnnotation", message: "" } })],
    expected: ["a: InvalidAnnotation"],
  },
  {
    name: "an address of one family that is asked for: that of the other one stays",
    pools: [pool("p", dual, { assignments: [given("192.0.2.1", "a"), given("2001:db8::1", "a")] })],
    services: [service("a", 1, { families: both, asks: ["2001:db8::2"] })],
    expected: ["a: 192.0.2.1 2001:db8::2"],
  },
  {
    name: "an address of one family in another pool that is asked for: both are of that",
    pools: [
      pool("p", dual, { assignments: [given("192.0.2.1", "a"), given("2001:db8::1", "a")] }),
      pool("q", ["198.51.100.1", "2001:db8:1::1"]),
    ],
    services: [service("a", 1, { families: both, asks: ["2001:db8:1::1"] })],
    expected: ["a: 198.51.100.1 2001:db8:1::1"],
  },
  {
    name: "an address of one family that is asked for and taken: both stay",
    pools: [pool("p", dual, { assignments: [given("192.0.2.1", "a"), given("2001:db8::1", "a"), given("2001:db8::2", "b")] })],
    services: [service("a", 1, { families: both, needsAll: false, asks: ["2001:db8::2"] }), service("b", 2, { families: ["IPv6"] })],
    expected: ["a: 192.0.2.1 2001:db8::1 AddressTaken", "b: 2001:db8::2"],
  },
  {
    name: "wishes that are wrong: what it has stays",
    pools: [pool("p", small, { assignments: [given("192.0.2.2", "a")] })],
    services: [service("a", 1, { problem: { reason: "InvalidAnnotation", message: "" } })],
    expected: ["a: 192.0.2.2 InvalidAnnotation"],
  },
];

for (const { name, pools, services, expected, ...more } of cases) {
  test(`addresses of Services: ${name}`, () => assert.deepEqual(allocate(pools, services, more), expected));
}

test("addresses of Services: a refusal names the address, and who has it", () => {
  const assignments = [given("192.0.2.1", "gone"), given("192.0.2.4", ...many.map((_, index) => `s${index}`), "leaving")];
  const claims = [
    service("owner", 1, { sharingKey: "k", asks: ["192.0.2.2"] }),
    ...many.map((_, index) => service(`s${index}`, 2, { sharingKey: "k", ports: [`TCP/${index}`] })),
    service("heir", 3, { asks: ["192.0.2.1"] }),
    service("stranger", 4, { asks: ["192.0.2.2"] }),
    service("sharer", 5, { sharingKey: "k", asks: ["192.0.2.2"] }),
    service("late", 6, { sharingKey: "k", asks: ["192.0.2.4"], ports: ["TCP/99"] }),
  ];
  const results = allocateAddresses({ pools: [pool("p", ["192.0.2.1-192.0.2.9"], { assignments })], services: claims });
  const refusals = ["heir", "stranger", "sharer", "late"].map((name) => results.get(`web/${name}`)?.refusal);
  assert.deepEqual(refusals, [
    { reason: "AddressTaken", message: "192.0.2.1 was given to Service web/gone and is being given up" },
    { reason: "AddressTaken", message: "192.0.2.2 belongs to Service web/owner" },
    { reason: "PortTaken", message: "TCP/80 of 192.0.2.2 belongs to Service web/owner" },
    { reason: "AddressTaken", message: `192.0.2.4 is shared by ${mostSharers} Services already` },
  ]);
});

test("addresses of Services: a refusal names the pools, and what they lack", () => {
  const claims = [
    service("lost", 1, { pool: "r" }),
    service("outside", 2, { asks: ["203.0.113.1"] }),
    service("elsewhere", 3, { pool: "p", asks: ["198.51.100.1"] }),
    service("shut", 4, { pool: "q" }),
    service("six", 5, { pool: "p", families: ["IPv6"] }),
    service("foreign", 6, { asks: ["192.0.2.9"] }),
    service("one", 7, { asks: ["192.0.2.1"] }),
    service("more", 8, { asks: ["192.0.2.2"] }),
    service("any", 9, { pool: "p" }),
    service("excluded", 10, { pool: "p" }),
  ];
  const results = allocateAddresses({
    pools: [pool("p", ["192.0.2.1-192.0.2.9"], { most: 1 }), pool("q", ["198.51.100.1"], { open: false })],
    services: claims,
    taken: new Map([["192.0.2.9", 'VirtualIP "gateway"']]),
    mayUse: (key) => key !== "web/excluded",
  });
  const messages = claims.flatMap(({ key }) => results.get(key)?.refusal?.message ?? []);
  assert.deepEqual(messages, [
    'there is no AddressPool "r"',
    "no AddressPool holds 203.0.113.1",
    'not AddressPool "p" holds 198.51.100.1',
    'AddressPool "q" gives no addresses now: see its conditions',
    'AddressPool "p" has no IPv6 addresses',
    '192.0.2.9 belongs to VirtualIP "gateway"',
    'AddressPool "p" has given 1 addresses, and records no more',
    'no IPv4 address of AddressPool "p" is free',
    'AddressPool "p" is not for this Service: see its selectors',
  ]);
});

const wishes = fc.uniqueArray(
  fc.record({
    name: fc.integer({ min: 0, max: 40 }).map((number) => `s${number}`),
    age: fc.integer({ min: 0, max: 5 }),
    families: fc.constantFrom<Family[]>(["IPv4"], ["IPv6"], both),
    needsAll: fc.boolean(),
    asks: fc.constantFrom<string[]>([], [], ["192.0.2.2"], ["2001:db8::2"]),
    pool: fc.constantFrom(undefined, undefined, "p", "q"),
    sharingKey: fc.constantFrom(undefined, "k", "l"),
    ports: fc.constantFrom(["TCP/80"], ["TCP/443"], ["UDP/53", "TCP/53"]),
  }),
  { selector: ({ name }) => name, maxLength: 20 },
);
const pools = [
  pool("p", ["192.0.2.1-192.0.2.6", "2001:db8::1-2001:db8::4"], { sharing: "Cluster" }),
  pool("q", ["198.51.100.1-198.51.100.3"], { priority: 1 }),
];
type Wishes = typeof wishes extends fc.Arbitrary<infer Value> ? Value : never;
const claimsOf = (all: Wishes) =>
  all.map(({ name, age, asks, ...more }) =>
    service(name, age, { ...more, asks: asks.filter((text) => more.families.includes(text.includes(":") ? "IPv6" : "IPv4")) }),
  );

/** The pools with the results recorded. */
function recorded(results: ReadonlyMap<string, ServiceAddresses>): PoolClaim[] {
  return pools.map((each) => {
    const pairs = [...results].flatMap(([key, { pool: place, addresses }]) =>
      place === each.name ? addresses.map((address) => ({ address, key })) : [],
    );
    const byAddress = Map.groupBy(pairs, ({ address }) => address);
    return { ...each, assignments: [...byAddress].map(([address, holders]) => ({ address, services: holders.map(({ key }) => key) })) };
  });
}

const addressesOf = (results: ReadonlyMap<string, ServiceAddresses>) =>
  [...results].map(([key, { addresses }]) => `${key} ${addresses}`).sort();

test("addresses of Services property: none is given twice, but to those of one key with different ports", () => {
  fc.assert(
    fc.property(wishes, (all) => {
      const claims = claimsOf(all);
      const results = allocateAddresses({ pools, services: claims });
      for (const a of claims) {
        for (const b of claims) {
          if (a.key >= b.key) continue;
          const common = results.get(a.key)?.addresses.filter((address) => results.get(b.key)?.addresses.includes(address)) ?? [];
          if (common.length === 0) continue;
          assert.ok(a.sharingKey !== undefined && a.sharingKey === b.sharingKey);
          assert.ok(!a.ports.some((port) => b.ports.includes(port)));
        }
      }
    }),
  );
});

test("addresses of Services property: all are of pools, of the families that are asked for, and all or enough of them", () => {
  fc.assert(
    fc.property(wishes, (all) => {
      const claims = claimsOf(all);
      const results = allocateAddresses({ pools, services: claims });
      for (const { key, families, needsAll } of claims) {
        const { addresses = [], refusal } = results.get(key) ?? {};
        assert.ok(addresses.every((address) => families.includes(address.includes(":") ? "IPv6" : "IPv4")));
        assert.equal(new Set(addresses.map((address) => address.includes(":"))).size, addresses.length);
        if (needsAll && addresses.length > 0) assert.equal(addresses.length, families.length);
        assert.equal(refusal !== undefined, addresses.length === 0);
      }
    }),
  );
});

test("addresses of Services property: the order of the input does not matter", () => {
  fc.assert(
    fc.property(
      wishes.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) =>
        assert.deepEqual(
          addressesOf(allocateAddresses({ pools, services: claimsOf(shuffled) })),
          addressesOf(allocateAddresses({ pools: pools.toReversed(), services: claimsOf(all) })),
        ),
    ),
  );
});

test("addresses of Services property: a restart changes nothing, whoever is new; a second look gives nobody more", () => {
  fc.assert(
    fc.property(wishes, wishes, (all, more) => {
      const claims = claimsOf(all);
      const first = allocateAddresses({ pools, services: claims });
      const newcomers = claimsOf(more).filter(({ key }) => !first.has(key));
      const second = allocateAddresses({ pools: recorded(first), services: [...claims, ...newcomers] });
      for (const { key, needsAll } of claims) {
        const before = first.get(key)?.addresses ?? [];
        const after = second.get(key)?.addresses ?? [];
        if (before.length > 0) assert.deepEqual(needsAll ? after : after.filter((address) => before.includes(address)), before);
      }
    }),
  );
});
