/** The agent's own client, watch and status writes against a real kube-apiserver. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ApiClient, ApiError } from "../../src/agent/cluster/apiClient.ts";
import { loadClusterAccess } from "../../src/agent/cluster/clusterAccess.ts";
import { writeStatus } from "../../src/agent/cluster/nodeAgentStatus.ts";
import { watchNodeAgent } from "../../src/agent/cluster/nodeAgentWatch.ts";
import { apiVersion } from "../../src/api/group.ts";
import type { NodeAgentStatus } from "../../src/api/nodeAgent.ts";
import { nodeAgentStatusSchema } from "../../src/api/nodeAgentStatus.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { readEnvironment } from "../../src/runtime/env.ts";
import { silentLogger } from "../../src/runtime/log.ts";
import { type ControlPlane, startControlPlane } from "../support/controlPlane.ts";
import { until } from "../support/waiting.ts";
import { routerSpec } from "../unit/agent/fixtures.ts";

const crds = join(import.meta.dirname, "../../crds");
const path = (name: string) => `/apis/${apiVersion}/nodeagents/${name}`;

let plane: ControlPlane;
let client: ApiClient;

before(async () => {
  plane = await startControlPlane({ users: [{ name: "nobody" }] });
  await plane.kubectl(["apply", "-f", crds]);
  await plane.kubectl(["wait", "--for=condition=Established", "--timeout=30s", "-f", crds]);
  client = await clientOf("admin");
});
after(async () => {
  client?.close();
  await plane?.stop();
});
beforeEach(() => plane.kubectl(["delete", "nodeagents", "--all"]));

async function clientOf(user: string): Promise<ApiClient> {
  return new ApiClient(await loadClusterAccess(plane.kubeconfig(user), readEnvironment(), systemClock), systemClock);
}

async function apply(name: string, ...virtualIPs: string[]): Promise<void> {
  const virtualRouters = virtualIPs.map((virtualIP, index) => routerSpec({ virtualIP, virtualRouterID: index + 1 }));
  await plane.kubectl(["apply", "-f", "-"], {
    input: JSON.stringify({ apiVersion, kind: "NodeAgent", metadata: { name }, spec: { virtualRouters } }),
  });
}

/** Watches "n1" while the test runs; each event is the names of its virtual routers, or "missing" or "reachable". */
function watch(context: TestContext): string[] {
  const events: string[] = [];
  const stop = new AbortController();
  const namesOf = (object: unknown) =>
    (object as { spec: { virtualRouters: { virtualIP: string }[] } }).spec.virtualRouters.map(({ virtualIP }) => virtualIP).join(" ");
  const handlers = {
    onObject: (object: unknown) => events.push(namesOf(object)),
    onMissing: () => events.push("missing"),
    onReachable: () => events.push("reachable"),
  };
  const done = watchNodeAgent("n1", handlers, { client, clock: systemClock, log: silentLogger, signal: stop.signal }).run();
  context.after(() => {
    stop.abort();
    return done;
  });
  return events;
}

/** Waits until the newest events are these. */
const seen = (events: string[], ...newest: string[]) =>
  until(`events ${newest.join(", ")}`, () => events.slice(-newest.length).join() === newest.join(), {
    timeoutMs: 30_000,
    hint: () => `seen: ${events.join(", ")}`,
  });

test("an agent sees its own NodeAgent come, change and go, and no other", async (context) => {
  const events = watch(context);
  await seen(events, "missing");
  await apply("n2", "other");
  await apply("n1", "web");
  await seen(events, "missing", "web");
  await apply("n1", "web", "db");
  await seen(events, "missing", "web", "web db");
  await plane.kubectl(["delete", "nodeagent", "n1"]);
  await seen(events, "missing", "web", "web db", "missing");
});

test("a watch survives the API server's crash and sees what changed afterwards", async (context) => {
  await apply("n1", "web");
  const events = watch(context);
  await seen(events, "web");
  await plane.killApiServer();
  await delay(1000);
  assert.deepEqual(events, ["web"]);
  await plane.startApiServer();
  await until("the watch to go on", () => events.includes("reachable"), { timeoutMs: 30_000 });
  await apply("n1", "db");
  await seen(events, "db");
  // The API server may ask for a new list after its start; it must not have said that the object is gone.
  assert.equal(events.includes("missing"), false);
});

test("the status is written whole: what is left out goes, what stays keeps its place, nobody else's fields are touched", async () => {
  await apply("n1", "web");
  const router = { virtualIP: "web", family: "IPv4", priority: 100, since: new Date(0).toISOString(), transitions: 1 } as const;
  const first: NodeAgentStatus = {
    state: "Running",
    masters: 1,
    virtualRouters: [
      { ...router, state: "MASTER", reason: "AdvertTimeout", peer: "192.0.2.2", silenceMs: 361.25, message: "one" },
      { ...router, virtualIP: "db", state: "BACKUP", reason: "Started" },
    ],
  };
  const second: NodeAgentStatus = { state: "Degraded", virtualRouters: [{ ...router, state: "BACKUP", reason: "HigherPriority" }] };
  const signal = new AbortController().signal;
  await writeStatus(client, "n1", first, signal);
  assert.deepEqual(await stored("n1"), first);
  await writeStatus(client, "n1", second, signal);
  assert.deepEqual(await stored("n1"), second);
  const spec = JSON.parse(await plane.kubectl(["get", "nodeagent", "n1", "-o", "json"])).spec;
  assert.deepEqual(
    spec.virtualRouters.map(({ virtualIP }: { virtualIP: string }) => virtualIP),
    ["web"],
  );
});

async function stored(name: string): Promise<NodeAgentStatus> {
  const object = (await client.request({ method: "GET", path: path(name) })) as { status: unknown };
  return nodeAgentStatusSchema.parse(object.status);
}

test("a status cannot bring back a NodeAgent that is gone", async () => {
  await assert.rejects(writeStatus(client, "n1", { state: "Running" }, new AbortController().signal), { code: "ALOFT_API", status: 404 });
});

test("refusals come with the server's own words", async () => {
  const nobody = await clientOf("nobody");
  await assert.rejects(nobody.request({ method: "GET", path: path("n1") }), { status: 403, message: /User "nobody" cannot get resource/ });
  nobody.close();
});

test("an API server that does not answer is an error without a status, at once", async () => {
  await plane.killApiServer();
  await assert.rejects(client.request({ method: "GET", path: "/version" }), (error: ApiError) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 0);
    assert.match(error.message, /ECONNREFUSED/);
    return true;
  });
  await plane.startApiServer();
});
