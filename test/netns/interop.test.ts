/**
 * Aloft and keepalived as peers on one LAN: in both roles, in both versions, over both families, by multicast and unicast, with and without
 * a password and the virtual router's own MAC address. Each must accept the other's adverts and farewells, follow within its own timers,
 * and give way to the other's higher priority.
 */
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Pair, type Setting } from "./interopPair.ts";

const v2 = { version: 2, family: "IPv4", intervalMs: 1000 } as const;
const v3 = { version: 3, family: "IPv4", intervalMs: 100 } as const;
const v6 = { version: 3, family: "IPv6", intervalMs: 100 } as const;
const yaml = { form: "yaml" } as const;
const conf = { form: "conf" } as const;

/** Of its unicast adverts over IPv6, unless unicast_ttl gives another: the kernel's. */
const keepalivedHopLimit = 64;

interface Row extends Setting {
  /** Leaves out the farewell and the cut: at an interval of 1 s they take long, and samples of keepalived.conf show them. */
  brief?: boolean;
}

// The slow ones come first. From YAML, Aloft learns the pseudo-header of version 3 over IPv4 from its peer; from a .conf it begins with it.
const matrix: Record<string, Row> = {
  "version 2 over IPv4": { ...v2, ...yaml },
  "version 2 over IPv4, PASS, virtual MAC": { ...v2, ...yaml, password: "s3cret", virtualMAC: true, brief: true },
  "version 2 over IPv4, PASS, unicast, keepalived.conf": { ...v2, ...conf, password: "s3cret", unicast: true, brief: true },
  "version 3 over IPv4": { ...v3, ...yaml },
  "version 3 over IPv4, unicast": { ...v3, ...yaml, unicast: true },
  "version 3 over IPv4, virtual MAC, keepalived.conf": { ...v3, ...conf, virtualMAC: true },
  "version 3 over IPv6": { ...v6, ...yaml },
  "version 3 over IPv6, keepalived.conf": { ...v6, ...conf },
  "version 3 over IPv6, unicast": { ...v6, ...yaml, unicast: true, minimumTTL: keepalivedHopLimit },
  "version 3 over IPv6, unicast, keepalived.conf": { ...v6, ...conf, unicast: true },
  "version 3 over IPv6, virtual MAC": { ...v6, ...yaml, virtualMAC: true },
};

const missing = existsSync("/usr/sbin/keepalived") || existsSync("/usr/bin/keepalived") ? false : "keepalived is not installed";

// Each pair has a LAN of its own. They wait more than they work.
describe("keepalived as a peer", { skip: missing, concurrency: 9 }, () => {
  for (const [title, setting] of Object.entries(matrix))
    for (const makes of [["aloft", "keepalived"] as const, ["keepalived", "aloft"] as const]) describePair(title, setting, makes);
});

function describePair(
  title: string,
  { brief = false, ...setting }: Row,
  [leader, follower]: readonly ["aloft" | "keepalived", "aloft" | "keepalived"],
): void {
  describe(`${title}: ${leader} leads, ${follower} stands by`, { concurrency: 1 }, () => {
    let pair: Pair;

    before(async () => {
      pair = await Pair.create(setting, [leader, follower]);
      await pair.start("n2");
      await pair.leads("n2");
    });
    after(() => pair?.lan.destroy());

    test("the higher priority takes over from the living lower one, and then exactly one adverts", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      await pair.leadsAlone("n1");
    });

    const thorough = brief ? () => {} : test;
    thorough("a farewell is followed after the skew", async () => {
      await pair.expectTakeover(async () => pair.router("n1").terminate(), pair.skew("n2"));
      await pair.router("n1").stop();
      await pair.leads("n2");
    });

    test("a leader that is killed is followed after the down interval", async () => {
      // Without the farewell it runs already.
      if (!brief) await pair.start("n1");
      await pair.leads("n1");
      await pair.expectTakeover(() => pair.router("n1").kill(), pair.activeDown("n2"));
    });

    test("the killed one leads again when it is back, whatever its kernel still holds", async () => {
      await pair.start("n1");
      await pair.leads("n1");
      await pair.leadsAlone("n1");
    });

    thorough("after a cut has healed, the one of the higher priority leads alone", async () => {
      await pair.expectTakeover(() => pair.lan.cut("n1"), pair.activeDown("n2"));
      await pair.lan.heal("n1");
      await pair.leads("n1");
      await pair.leadsAlone("n1");
    });
  });
}
