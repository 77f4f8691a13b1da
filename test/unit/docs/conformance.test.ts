import assert from "node:assert/strict";
import { test } from "node:test";
import { findGaps, parseRequirements } from "../../../scripts/generate-docs.ts";

const list = `# a remark
RFC 9568 5.2.5: An advert without addresses is ignored
  Discards.ChangeNothingButTheirCounter/ZeroAddresses
  test/netns/core.test.ts: a title: with a colon

RFC 9568 8.1.3: Proxy ARP
  ~ there is none
`;

test("requirements with their tests and reasons", () => {
  assert.deepEqual(parseRequirements(list), [
    {
      rfc: "9568",
      section: "5.2.5",
      text: "An advert without addresses is ignored",
      tests: ["Discards.ChangeNothingButTheirCounter/ZeroAddresses", "test/netns/core.test.ts: a title: with a colon"],
      reasons: [],
    },
    { rfc: "9568", section: "8.1.3", text: "Proxy ARP", tests: [], reasons: ["there is none"] },
  ]);
});

for (const line of ["RFC 9568: no section", "  Suite.Test", "Suite.Test"])
  test(`"${line}" is refused with its place`, () =>
    assert.throws(() => parseRequirements(`# first\n${line}`), /^Error: test\/native\/requirements\.txt:2: expected/));

test("a requirement that nothing shows, and a test that does not exist, are gaps", () => {
  const requirements = parseRequirements(`${list}RFC 3768 7.1: The checksum is right\n`);
  assert.deepEqual(
    findGaps(requirements, (name) => !name.startsWith("test/netns")),
    [
      "RFC 9568 5.2.5: An advert without addresses is ignored: there is no test test/netns/core.test.ts: a title: with a colon",
      "RFC 3768 7.1: The checksum is right: no test, and no reason why",
    ],
  );
});
