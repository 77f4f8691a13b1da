import assert from "node:assert/strict";
import { isIP } from "node:net";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  contains,
  type Family,
  familyBits,
  formatAddress,
  type IpAddress,
  isGlobalUnicast,
  isIPv4Mapped,
  parseAddress,
  parsePrefix,
} from "../../../src/api/ipAddress.ts";

function parsed(text: string): IpAddress {
  const address = parseAddress(text);
  assert.ok(address, `${text} is an address`);
  return address;
}

/** The examples of RFC 5952, and the corners between them. */
const canonicalForms: [section: string, text: string, canonical: string][] = [
  ["§1", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["§1", "2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["§1", "2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["§1", "2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"],
  ["§4.1 leading zeros", "2001:0db8::0001", "2001:db8::1"],
  ["§4.2.1 as short as possible", "2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
  ["§4.2.2 one group of zeros", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["§4.2.2 one group of zeros, written ::", "2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["§4.2.3 the longest run", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["§4.2.3 the first of equal runs", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["§4.3 lower case", "2001:DB8::ABCD", "2001:db8::abcd"],
  ["all zeros", "0:0:0:0:0:0:0:0", "::"],
  ["zeros at the end", "2001:db8:1:2:3:0:0:0", "2001:db8:1:2:3::"],
  ["zeros at the start", "0:0:0:0:0:0:0:1", "::1"],
  ["no zeros", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
  ["a dotted quad at the end", "64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["IPv4", "192.0.2.1", "192.0.2.1"],
];

describe("the canonical form of RFC 5952", () => {
  for (const [section, text, canonical] of canonicalForms) {
    test(`${section}: ${text}`, () => assert.equal(formatAddress(parsed(text)), canonical));
  }
});

const noAddresses = [
  "", ".", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.04", "1.2.3.-4", "1.2.3. 4", "0x1.2.3.4", "1e1.2.3.4",
  ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7::8", "12345::", "g::", "fe80::1%eth0",
  ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1.2.3.4::", "::1.2.3", "::256.1.1.1", "1:2:3:4:5:6:7:1.2.3.4", "[::1]", " ::1", "::1/64",
]; // biome-ignore format: a table

for (const text of noAddresses) {
  test(`"${text}" is no address`, () => assert.equal(parseAddress(text), undefined));
}

const prefixes: [text: string, length: number | undefined][] = [
  ["192.0.2.1", 32],
  ["192.0.2.1/24", 24],
  ["192.0.2.1/0", 0],
  ["2001:db8::1", 128],
  ["2001:db8::1/64", 64],
  ["2001:db8::1/128", 128],
  ["192.0.2.1/33", undefined],
  ["192.0.2.1/024", undefined],
  ["192.0.2.1/", undefined],
  ["192.0.2.1/24/24", undefined],
  ["192.0.2.1/-1", undefined],
  ["2001:db8::1/129", undefined],
];

for (const [text, length] of prefixes) {
  test(`${text} ${length === undefined ? "is no prefix" : `has the prefix length ${length}`}`, () => {
    assert.equal(parsePrefix(text)?.prefixLength, length);
  });
}

const memberships: [prefix: string, address: string, inside: boolean][] = [
  ["192.0.2.0/24", "192.0.2.255", true],
  ["192.0.2.0/24", "192.0.3.0", false],
  ["192.0.2.77/24", "192.0.2.1", true], // host bits do not matter
  ["0.0.0.0/0", "203.0.113.9", true],
  ["192.0.2.1", "192.0.2.1", true],
  ["192.0.2.1", "192.0.2.2", false],
  ["2001:db8::/64", "2001:db8::ffff", true],
  ["2001:db8::/64", "2001:db8:0:1::", false],
  ["::/0", "192.0.2.1", false], // never across families
  ["0.0.0.0/0", "2001:db8::1", false],
];

for (const [text, address, inside] of memberships) {
  test(`${text} ${inside ? "holds" : "does not hold"} ${address}`, () => {
    const prefix = parsePrefix(text);
    assert.ok(prefix);
    assert.equal(contains(prefix, parsed(address)), inside);
  });
}

const reachable = [
  "192.0.2.1",
  "10.0.0.1",
  "240.0.0.1",
  "223.255.255.255",
  "169.253.0.1",
  "169.255.0.1",
  "126.0.0.1",
  "128.0.0.1",
  "2001:db8::1",
  "fd00::1",
  "fec0::1",
  "::2",
];
const unreachable = ["0.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.1.1", "224.0.0.18", "239.1.1.1", "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "ff02::12"]; // biome-ignore format: a table
for (const text of reachable) test(`${text} can be reached`, () => assert.equal(isGlobalUnicast(parsed(text)), true));
for (const text of unreachable) test(`${text} cannot be reached`, () => assert.equal(isGlobalUnicast(parsed(text)), false));

test("IPv4-mapped addresses are told from others", () => {
  assert.equal(isIPv4Mapped(parsed("::ffff:192.0.2.1")), true);
  assert.equal(isIPv4Mapped(parsed("::fffe:192.0.2.1")), false);
  assert.equal(isIPv4Mapped(parsed("1::ffff:192.0.2.1")), false);
  assert.equal(isIPv4Mapped(parsed("0.0.255.255")), false);
});

const addresses = (family: Family) =>
  fc.bigInt({ min: 0n, max: (1n << BigInt(familyBits[family])) - 1n }).map((bits): IpAddress => ({ family, bits }));
/** Half of the groups are zero, so that runs of every length and place come up. */
const sparseIPv6 = fc
  .array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 0xffffn })), { minLength: 8, maxLength: 8 })
  .map((groups): IpAddress => ({ family: "IPv6", bits: groups.reduce((bits, group) => (bits << 16n) | group, 0n) }));

test("what is written is read back as the same address, and Node takes it too", () => {
  fc.assert(
    fc.property(fc.oneof(addresses("IPv4"), addresses("IPv6"), sparseIPv6), (address) => {
      const text = formatAddress(address);
      assert.deepEqual(parseAddress(text), address);
      assert.equal(isIP(text), address.family === "IPv4" ? 4 : 6);
    }),
    { numRuns: 2000 },
  );
});

test("any text is an address to us exactly when it is one to Node", () => {
  const characters = fc.constantFrom(..."0123456789abcdef:::...");
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: characters, maxLength: 20 }), fc.ipV4(), fc.ipV6()), (text) => {
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
    }),
    { numRuns: 5000 },
  );
});
