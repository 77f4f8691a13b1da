/** keepalived.conf of one node as people write it, on the real kernel. What must be observable is in the samples' README. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Lan } from "../support/lan.ts";
import { until } from "../support/waiting.ts";
import {
  addInterface,
  addressesOf,
  ConfRouter,
  downSeconds,
  from,
  has,
  heldBy,
  type Make,
  onLan,
  onNode,
  sample,
  Wire,
  within,
} from "./keepalivedConfLan.ts";

const make: Make = "aloft";
const node = "n1";

/** Waits until all of these lines are among what the program prints. */
function printed(lan: Lan, command: readonly string[], lines: readonly string[]): Promise<unknown> {
  const missing = async () => {
    const shown = (await lan.exec(node, command)).split("\n").map((line) => line.replace(/ proto \S+/, "").trim());
    return lines.filter((line) => !shown.includes(line));
  };
  return until(`${lines.join(" and ")} in ${command.join(" ")}`, async () => (await missing()).length === 0, { everyMs: 50 });
}

/** A mail relay on 127.0.0.1:25 that writes down what it is told. */
const relay = `
const { appendFileSync } = require("node:fs");
const server = require("node:net").createServer((socket) => {
  let [data, rest] = [false, ""];
  const answer = (line) => {
    if (data) return line === "." ? ((data = false), "250 taken") : undefined;
    if (/^DATA/i.test(line)) return (data = true), "354 go on";
    return /^QUIT/i.test(line) ? "221 bye" : "250 relay";
  };
  socket.on("error", () => {});
  socket.write("220 relay\\r\\n");
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\\n");
    rest = lines.pop();
    for (const line of lines.map((text) => text.trimEnd())) {
      appendFileSync(process.argv[1], line + "\\n");
      const reply = answer(line);
      if (reply) socket.write(reply + "\\r\\n");
    }
  });
});
server.listen(25, "127.0.0.1", () => console.log("ready"));
`;

describe("samples of one node", { concurrency: 3 }, () => {
  test(
    "vip-dev-label: addresses on other interfaces, one with a label, each announced there; adverts on eth0 alone",
    onLan(1, async (lan) => {
      const peers = [await addInterface(lan, node, "eth1"), await addInterface(lan, node, "eth2")] as const;
      const wire = await Wire.listen(lan);
      const [wire1, wire2] = [await Wire.listen(lan, "client", peers[0]), await Wire.listen(lan, "client", peers[1])];
      const router = await ConfRouter.start(lan, node, make, sample("vip-dev-label"));
      const first = await wire.advert("an advert", router.startedNs, from(lan, node, 51));
      assert.equal(first.addresses, 2);
      await until("one address", () => has(lan, node, "192.168.200.17/24", "eth1"));
      await until("the other address", () => has(lan, node, "192.168.200.18/24", "eth2"));
      const [labelled] = (await addressesOf(lan, node, "eth2")).filter(({ text }) => text === "192.168.200.18/24");
      assert.deepEqual([labelled?.label, labelled?.scope], ["eth2:1", "global"]);
      const told = () => [wire1, wire2].every((each) => each.announcements().length >= 10);
      await until("the second announcements of both", told);
      await delay(500);
      assert.deepEqual([wire1.adverts(), wire2.adverts()], [[], []]);
      for (const [heard, address] of [
        [wire1, "192.168.200.17"],
        [wire2, "192.168.200.18"],
      ] as const) {
        const announced = heard.announcements();
        assert.deepEqual([...new Set(announced.map((one) => one.address))], [address]);
        assert.equal(announced.length, 10, `5 + 5 for ${address}`);
        within("the second five", announced[0]?.timeNs ?? 0n, announced[5]?.timeNs ?? 0n, 5);
      }
      await router.stop();
      assert.deepEqual([await addressesOf(lan, node, "eth1"), await addressesOf(lan, node, "eth2")], [[], []]);
    }),
  );

  test(
    "vip-all-options: prefix, broadcast, device, scope and label",
    onLan(1, async (lan) => {
      await addInterface(lan, node, "eth1");
      const router = await ConfRouter.start(lan, node, make, sample("vip-all-options"));
      await until("the address", () => has(lan, node, "192.168.200.17/24", "eth1"));
      const [address] = await addressesOf(lan, node, "eth1");
      assert.deepEqual(address, { text: "192.168.200.17/24", label: "eth1:1", broadcast: "192.168.200.255", scope: "global" });
      await router.stop();
      assert.deepEqual(await addressesOf(lan, node, "eth1"), []);
    }),
  );

  test(
    "dual-master-lvs-fwmark: labels eth0:0 and eth0:1, the group 224.0.100.67, virtual servers left aside",
    onLan(1, async (lan) => {
      const wire = await Wire.listen(lan);
      const { text } = onNode(lan, node, sample("dual-master-lvs-fwmark-node1"));
      const router = await ConfRouter.start(lan, node, make, text);
      for (const vrid of [44, 45]) {
        const advert = await wire.advert(`VRID ${vrid}`, router.startedNs, from(lan, node, vrid));
        assert.equal(advert.destination, "224.0.100.67");
      }
      for (const address of ["172.16.0.80/16", "172.16.0.90/16"]) await until(address, () => has(lan, node, address));
      const labels = new Map((await addressesOf(lan, node, "eth0")).map(({ text: address, label }) => [address, label]));
      assert.deepEqual([labels.get("172.16.0.80/16"), labels.get("172.16.0.90/16")], ["eth0:0", "eth0:1"]);
    }),
  );

  test(
    "trailing-space: one instance, started alone it is MASTER after Down",
    onLan(1, async (lan) => {
      const wire = await Wire.listen(lan);
      const router = await ConfRouter.start(lan, node, make, sample("trailing-space"));
      const first = await wire.advert("the first advert", router.startedNs, from(lan, node, 51));
      within("MASTER", router.started, first.timeNs, downSeconds(100));
      await heldBy(lan, node, "192.168.1.8/32");
    }),
  );

  test(
    "syn-static-routes: what stands from the start, one route as MASTER, nothing after the end",
    onLan(1, async (lan) => {
      await addInterface(lan, node, "eth1");
      const router = await ConfRouter.start(lan, node, make, sample("syn-static-routes"));
      const show = ["ip", "-4", "route", "show"];
      await until("the static address", () => has(lan, node, "10.9.0.2/24", "eth1"));
      await printed(lan, show, ["10.20.0.0/16 via 10.9.0.254 dev eth1", "blackhole 10.30.0.0/16"]);
      assert.equal(await has(lan, node, "192.168.200.16/24"), false, "it is not MASTER yet");
      await printed(lan, show, ["10.40.0.0/16 via 192.168.200.254 dev eth0"]);
      await router.stop();
      const left = (await lan.exec(node, show)).split("\n").filter((line) => /10\.[234]0\.|10\.9\.|192\.168\.200/.test(line));
      assert.deepEqual(left, []);
      assert.deepEqual(await addressesOf(lan, node, "eth1"), []);
    }),
  );

  test(
    "syn-lvs-nat: both instances of the director lead together",
    onLan(1, async (lan) => {
      await addInterface(lan, node, "eth1");
      await lan.exec(node, ["ip", "address", "add", "10.9.0.2/24", "dev", "eth1"]);
      const { text, notified } = onNode(lan, node, sample("syn-lvs-nat"));
      await ConfRouter.start(lan, node, make, text);
      await heldBy(lan, node, "192.168.200.16/24");
      await heldBy(lan, node, "10.9.0.1/24", "eth1");
      await until("one notification of the group", () => notified().includes("notify.sh master"));
      assert.equal(notified().filter((line) => line === "notify.sh master").length, 1);
    }),
  );

  test(
    "syn-auth-none: adverts without a password are heard by a keepalived without one",
    onLan(2, async (lan) => {
      const wire = await Wire.listen(lan);
      const router = await ConfRouter.start(lan, node, make, sample("syn-auth-none"));
      await wire.advert("an advert", router.startedNs, from(lan, node, 14));
      const peer = await ConfRouter.start(lan, "n2", "keepalived", sample("syn-auth-none").replace("priority 100", "priority 90"));
      await delay(4500);
      assert.deepEqual(wire.adverts(peer.startedNs).filter(from(lan, "n2", 14)), []);
    }),
  );

  test(
    "syn-vmac: a macvlan with the virtual router MAC address carries the address, and adverts come from it",
    onLan(1, async (lan) => {
      const wire = await Wire.listen(lan);
      const router = await ConfRouter.start(lan, node, make, sample("syn-vmac"));
      const advert = await wire.advert(
        "an advert",
        router.startedNs,
        ({ virtualRouterID, priority }) => virtualRouterID === 14 && priority > 0,
      );
      assert.equal(advert.mac, "00:00:5e:00:01:0e");
      await until("the address on vrrp.14", () => has(lan, node, "10.1.0.91/16", "vrrp.14"));
      const announced = await until("an announcement", () => wire.announcements()[0]);
      assert.deepEqual([announced.address, announced.mac], ["10.1.0.91", "00:00:5e:00:01:0e"]);
      const [link] = JSON.parse(await lan.exec(node, ["ip", "-json", "link", "show", "dev", "vrrp.14"]));
      assert.equal(link.address, "00:00:5e:00:01:0e");
      await router.stop();
      await assert.rejects(lan.exec(node, ["ip", "link", "show", "dev", "vrrp.14"]));
    }),
  );

  test(
    "syn-auth-ah: refused with its place, and nothing happens",
    onLan(1, async (lan) => {
      const router = ConfRouter.launch(lan, node, sample("syn-auth-ah"));
      assert.equal((await router.process.exited).code, 1);
      assert.match(router.process.log(), /keepalived\.conf:11:5: error: vrrp_instance `VIR_1`: AH authentication is not supported/);
    }),
  );

  test(
    "notify-scripts: each transition runs the state's own program and the generic one",
    onLan(1, async (lan) => {
      const { text, notified } = onNode(lan, node, sample("notify-scripts"));
      const router = await ConfRouter.start(lan, node, make, text);
      let transitions = 0;
      // The two are started within milliseconds of each other, in either order.
      const next = async (state: string) => {
        const expected = [`notify-any.sh INSTANCE VIR_1 ${state} 100`, `notify.sh ${state.toLowerCase()}`];
        const begin = 2 * transitions++;
        const told = () =>
          notified()
            .slice(begin, begin + 2)
            .sort();
        await until(state, () => told().length === 2, { everyMs: 20, hint: () => notified().join("; ") });
        assert.deepEqual(told(), expected);
      };
      await next("BACKUP");
      await next("MASTER");
      await lan.exec(node, ["ip", "link", "set", "eth0", "down"]);
      await next("FAULT");
      await lan.exec(node, ["ip", "link", "set", "eth0", "up"]);
      await next("BACKUP");
      await next("MASTER");
      await router.stop();
      assert.deepEqual(notified().slice(2 * transitions), ["notify-any.sh INSTANCE VIR_1 STOP 100"]);
    }),
  );

  test(
    "syn-mail-alert: one mail for each state, to the relay and from whom the file says",
    onLan(1, async (lan) => {
      const inbox = join(lan.directory, "inbox");
      writeFileSync(inbox, "");
      const running = lan.spawn(node, "relay", [process.execPath, "-e", relay, inbox]);
      await until("the relay", () => running.log().includes("ready"), { everyMs: 20 });
      const router = await ConfRouter.start(lan, node, make, sample("syn-mail-alert"));
      const subject = (state: string) => `[node1.zhejian.com] VRRP Instance VIR_1 - Entering ${state} state`;
      const subjects = () => [...readFileSync(inbox, "utf8").matchAll(/^Subject: (.*)$/gm)].map(([, found]) => found);
      await until("two mails", () => subjects().length === 2, { hint: () => readFileSync(inbox, "utf8") });
      assert.deepEqual(subjects(), [subject("BACKUP"), subject("MASTER")]);
      assert.match(readFileSync(inbox, "utf8"), /RCPT TO:<root@localhost>/i);
      assert.match(readFileSync(inbox, "utf8"), /MAIL FROM:<keepalived@localhost>/i);
      await router.stop();
    }),
  );
});
