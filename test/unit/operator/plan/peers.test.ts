import assert from "node:assert/strict";
import { test } from "node:test";
import { PlayedCluster } from "../playedCluster.ts";
import { dual, virtualIP } from "../samples.ts";

const unicast = { ...dual, vrrp: { mode: "Unicast" } };

function webOn(...names: string[]): PlayedCluster {
  const cluster = new PlayedCluster(...names);
  cluster.virtualIPs = [virtualIP("web", unicast)];
  cluster.rest();
  cluster.model.costs.length = 0;
  return cluster;
}

const listOf = (cluster: PlayedCluster, node: string) => cluster.routers(node)[0]?.unicastPeers?.join(" ");
const messageOf = (cluster: PlayedCluster, node: string) => cluster.view("web").status.nodes?.find(({ name }) => name === node)?.message;

test("unicast: each has the others in its list, and sends from the address that they have for it", () => {
  const cluster = webOn("n1", "n2", "n3");
  assert.deepEqual(
    cluster.routers("n1").map(({ sourceAddress, unicastPeers }) => [sourceAddress, ...(unicastPeers ?? [])]),
    [
      ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
      ["fe80::1", "fe80::2", "fe80::3"],
    ],
  );
});

test("unicast: who joins starts once all that run have it in their lists", () => {
  const cluster = webOn("n1", "n2");
  cluster.join("n3");
  cluster.rounds(5, (name) => name !== "n2");
  assert.deepEqual([listOf(cluster, "n1"), listOf(cluster, "n2")], ["192.0.2.2 192.0.2.3", "192.0.2.1 192.0.2.3"]);
  assert.deepEqual(cluster.routers("n3"), []);
  assert.equal(messageOf(cluster, "n3"), "waits until n2 knows it as a peer");
  cluster.rest();
  assert.equal(listOf(cluster, "n3"), "192.0.2.1 192.0.2.2");
  assert.deepEqual(cluster.model.costs, []);
});

test("unicast: a silent node is not waited for when another one is active, and is when it may be the active one", () => {
  const standby = webOn("n1", "n2");
  standby.dead.add("n2");
  standby.rounds(2);
  standby.join("n3");
  standby.rounds(4);
  assert.equal(listOf(standby, "n3"), "192.0.2.1 192.0.2.2");
  const active = webOn("n1", "n2");
  active.dead.add("n1");
  active.model.fault("n2", true);
  active.rounds(2);
  active.join("n3");
  active.rounds(4);
  assert.equal(messageOf(active, "n3"), "waits until n1 knows it as a peer");
  // Its node is down as well: nobody is there to be split from.
  active.nodes = active.nodes.map((view) => (view.name === "n1" ? { ...view, ready: false } : view));
  active.rounds(3);
  assert.equal(listOf(active, "n3"), "192.0.2.1 192.0.2.2");
});

test("unicast: who leaves stays in the lists until it runs no more", () => {
  const cluster = webOn("n1", "n2", "n3");
  cluster.drain("n3", true);
  cluster.rounds(4, (name) => name !== "n3");
  assert.deepEqual(cluster.routers("n3"), []);
  assert.equal(listOf(cluster, "n1"), "192.0.2.2 192.0.2.3");
  cluster.rest();
  assert.equal(listOf(cluster, "n1"), "192.0.2.2");
  assert.deepEqual(cluster.model.costs, []);
});

test("unicast: an address in use stays the source while the interface has it; without any address a node does not start", () => {
  const cluster = webOn("n1", "n2");
  const change = (addresses: string[]) => {
    cluster.agents = cluster.agents.map((view) =>
      view.name === "n1" ? { ...view, status: { ...view.status, interfaces: [{ name: "eth0", up: true, addresses }] } } : view,
    );
    cluster.rest();
    return cluster.routers("n1")[0]?.sourceAddress;
  };
  assert.equal(change(["192.0.2.77/24", "192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"]), "192.0.2.1");
  assert.equal(change(["192.0.2.77/24", "2001:db8::1/64", "fe80::1/64"]), "192.0.2.77");
  assert.equal(listOf(cluster, "n2"), "192.0.2.77");
  const poor = new PlayedCluster("n1", "n2");
  poor.agents = poor.agents.map((view) => ({
    ...view,
    status: { ...view.status, interfaces: [{ name: "eth0", up: true, addresses: ["192.0.2.1/24", "2001:db8::1/64"] }] },
  }));
  poor.virtualIPs = [virtualIP("web", unicast)];
  poor.rounds(4);
  assert.equal(messageOf(poor, "n1"), "has no link-local IPv6 address to send adverts from");
  assert.deepEqual(poor.routers("n1"), []);
});
