/** A process that a keepalived.conf tracks, run by Aloft, decides between Aloft and keepalived who leads. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfRouter, from, heldBy, now, onLan, Wire } from "./keepalivedConfLan.ts";

const vrid = 51;
const address = "198.51.100.200/24";

const instance = (priority: number, track = "") => `
vrrp_instance web {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id ${vrid}
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    ${address}
  }
${track}}
`;

test(
  "track_process of a keepalived.conf: 100 less while the process is missing, beside a keepalived",
  onLan(2, async (lan) => {
    // A name of its own: other tests' processes are seen, too.
    const name = `${lan.prefix}web`.slice(0, 15);
    const program = join(lan.directory, name);
    copyFileSync("/bin/sleep", program);
    const tracked = `
vrrp_track_process web {
  process ${name}
  weight 100
}
${instance(50, "  track_process {\n    web\n  }\n")}`;
    const [n1, n2] = [from(lan, "n1", vrid), from(lan, "n2", vrid)];
    const wire = await Wire.listen(lan);
    const first = await ConfRouter.start(lan, "n2", "keepalived", instance(100));
    await wire.advert("an advert of keepalived", first.startedNs, n2);
    await ConfRouter.start(lan, "n1", "aloft", tracked);
    await heldBy(lan, "n2", address);

    for (const round of ["first", "second"]) {
      const started = now();
      const daemon = lan.spawn("n1", `daemon-${round}`, [program, "1000"]);
      await wire.advert("Aloft's advert with the process", started, (advert) => n1(advert) && advert.priority === 150);
      await heldBy(lan, "n1", address);
      const ended = now();
      await daemon.kill();
      await wire.advert("keepalived's advert without it", ended, (advert) => n2(advert) && advert.priority === 100);
      await heldBy(lan, "n2", address);
    }
  }),
);
