import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ApiError, type ApiRequest } from "../../../../src/agent/cluster/apiClient.ts";
import { VirtualServerWatch } from "../../../../src/agent/cluster/virtualServerWatch.ts";
import type { SecretRef, SecretSource } from "../../../../src/agent/credentials/secrets.ts";
import type { NodeVirtualServer } from "../../../../src/api/nodeAgent.ts";
import { silentLogger } from "../../../../src/runtime/log.ts";
import { settle, VirtualClock } from "../../runtime/virtualClock.ts";
import { ScriptedApi } from "../scriptedApi.ts";
import { nodeObject, serverObject, serviceObject, sliceObject } from "../serverObjects.ts";
import { temporaryDirectory } from "../stateFiles.ts";

/** Answers each list by its own path. */
class ApiOfMany extends ScriptedApi {
  readonly byPath = new Map<string, unknown[]>();

  override async request(request: ApiRequest): Promise<unknown> {
    this.items = this.byPath.get(request.path) ?? [];
    return super.request(request);
  }

  send(path: string, type: string, object: unknown): void {
    const open = this.streams.filter(({ options }) => options.path.startsWith(path) && !options.signal.aborted);
    assert.equal(open.length, 1, `one watch of ${path}`);
    open[0]?.send(type, object);
  }

  get watched(): string[] {
    return this.streams.filter(({ options }) => !options.signal.aborted).map(({ options }) => options.path.split("&")[0] ?? "");
  }
}

const paths = {
  servers: "/apis/aloft.dev/v1alpha1/namespaces/shop/virtualservers?",
  services: "/api/v1/namespaces/shop/services?",
  slices: "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?",
  nodes: "/api/v1/nodes?",
};

const named = (name: string, fields: Partial<NodeVirtualServer> = {}): NodeVirtualServer => ({
  namespace: "shop",
  name,
  virtualIP: "web",
  addresses: ["192.0.2.10"],
  ...fields,
});

function setUp(context: TestContext, directory = temporaryDirectory(context)) {
  const api = new ApiOfMany();
  const clock = new VirtualClock();
  const stop = new AbortController();
  context.after(() => stop.abort());
  const required: SecretRef[][] = [];
  const secrets: SecretSource = {
    require: (refs) => {
      required.push([...refs]);
      return Promise.resolve();
    },
    lookUp: (name, key) => (key === "tls.crt" ? { ok: true, value: `certificate of ${name}` } : { ok: false, message: "no" }),
  };
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const watch = new VirtualServerWatch({
    client: api,
    node: "n1",
    secrets,
    stateDirectory: directory,
    clock,
    log: silentLogger,
    signal: stop.signal,
    onChange,
  });
  const names = () => watch.virtualServers().map(({ name }) => name);
  const endpoints = (name: string) =>
    watch
      .endpoints()
      .get(`shop/${name}`)
      ?.map(({ address }) => address);
  return { directory, api, clock, stop, watch, names, endpoints, required, changes: () => changes };
}

/** Lets lists and watches come, and what they say be taken note of. */
async function pass(clock: VirtualClock, milliseconds = 100): Promise<void> {
  await clock.advance(milliseconds);
  await settle();
}

test("nothing is watched for nothing", async (context) => {
  const { api, clock, watch } = setUp(context);
  await watch.use([]);
  await pass(clock);
  assert.deepEqual(api.lists, []);
});

test("those that are named, with the addresses that they are named with, and of each kind only what is asked for", async (context) => {
  const { api, clock, watch, names, changes } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web", { generation: 7 }), serverObject("other")]);
  await watch.use([named("web"), named("missing")]);
  assert.deepEqual([names(), watch.unknown().map(({ name }) => name)], [[], ["web", "missing"]]);
  await pass(clock);
  assert.deepEqual(api.watched, [paths.servers]);
  const [server] = watch.virtualServers();
  assert.deepEqual(
    [server?.name, server?.generation, server?.virtualIP, server?.addresses, server?.spec.scheduler],
    ["web", 7, "web", ["192.0.2.10"], "mh"],
  );
  assert.deepEqual([watch.unknown().map(({ name }) => name), changes()], [["missing"], 1]);
  await watch.use([]);
  assert.deepEqual(api.watched, []);
});

test("a second one of a namespace that is watched already is there at once", async (context) => {
  const { api, clock, watch, names } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web"), serverObject("other")]);
  await watch.use([named("web")]);
  await pass(clock);
  await watch.use([named("web"), named("other")]);
  assert.deepEqual([names(), api.lists.length], [["web", "other"], 1]);
});

const onService = { realServers: undefined, service: { name: "nginx" } };

test("endpoints once all is known that they are made of, and then each change", async (context) => {
  const { api, clock, watch, endpoints, changes } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web", { spec: onService })]);
  api.byPath.set(paths.services, [serviceObject("nginx")]);
  api.byPath.set(paths.slices, [sliceObject("nginx-a", { addresses: ["10.0.1.1"] }), sliceObject("other-a", { addresses: ["10.0.9.9"] })]);
  await watch.use([named("web")]);
  assert.equal(endpoints("web"), undefined);
  await pass(clock, 200);
  assert.deepEqual(api.watched.sort(), [paths.services, paths.servers, paths.slices].sort());
  assert.deepEqual(endpoints("web"), ["10.0.1.1"]);
  const before = changes();
  api.send(paths.slices, "ADDED", sliceObject("nginx-b", { addresses: ["10.0.1.2"] }));
  api.send(paths.slices, "MODIFIED", sliceObject("nginx-a", { addresses: ["10.0.1.3"] }));
  await pass(clock);
  assert.deepEqual([endpoints("web"), changes()], [["10.0.1.3", "10.0.1.2"], before + 1]);
  api.send(paths.slices, "DELETED", sliceObject("nginx-b"));
  await pass(clock);
  assert.deepEqual(endpoints("web"), ["10.0.1.3"]);
  // Others' slices are no news.
  api.send(paths.slices, "MODIFIED", sliceObject("other-a", { addresses: ["10.0.9.8"] }));
  await pass(clock);
  assert.equal(changes(), before + 2);
});

test("what stays the same stays the same object, so that only what has changed is planned anew", async (context) => {
  const { api, clock, watch } = setUp(context);
  const onOther = { realServers: undefined, service: { name: "other" } };
  api.byPath.set(paths.servers, [serverObject("web", { spec: onService }), serverObject("shop", { spec: onOther })]);
  api.byPath.set(paths.services, [serviceObject("nginx"), serviceObject("other")]);
  api.byPath.set(paths.slices, [sliceObject("nginx-a", { addresses: ["10.0.1.1"] }), sliceObject("other-a", { addresses: ["10.0.9.9"] })]);
  const told = () => [...watch.virtualServers(), ...watch.endpoints().values()];
  await watch.use([named("web"), named("shop")]);
  await pass(clock, 200);
  const before = told();
  assert.equal(before.length, 4);
  api.send(paths.slices, "MODIFIED", sliceObject("nginx-a", { addresses: ["10.0.1.3"] }));
  await watch.use([named("web"), named("shop")]);
  const changed = () => told().flatMap((one, index) => (one === before[index] ? [] : [index]));
  assert.deepEqual(changed(), [2]);
  await watch.use([named("web"), named("shop", { addresses: ["192.0.2.11"] })]);
  assert.deepEqual(changed(), [1, 2]);
});

test("nodes are watched only where they are servers", async (context) => {
  const { api, clock, watch, endpoints } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web", { spec: { realServers: undefined, nodes: {} } })]);
  api.byPath.set(paths.nodes, [nodeObject("n1", { addresses: ["192.0.2.1"] })]);
  await watch.use([named("web")]);
  await pass(clock, 200);
  assert.deepEqual(endpoints("web"), ["192.0.2.1"]);
  api.send(paths.servers, "MODIFIED", serverObject("web", { generation: 2 }));
  await pass(clock);
  assert.deepEqual([api.watched, endpoints("web")], [[paths.servers], undefined]);
});

test("where nodes translate for their own pods: the other nodes, once they are known, and this node's pods", async (context) => {
  const { api, clock, watch, endpoints } = setUp(context);
  const spec = { ...onService, forwarding: "DR", service: { name: "nginx", targets: "Nodes" } };
  api.byPath.set(paths.servers, [serverObject("web", { spec })]);
  api.byPath.set(paths.services, [serviceObject("nginx")]);
  const pods = [
    { addresses: ["10.0.1.1"], nodeName: "n1" },
    { addresses: ["10.0.2.1"], nodeName: "n2" },
  ];
  api.byPath.set(paths.slices, [sliceObject("nginx-a", ...pods)]);
  api.byPath.set(paths.nodes, [nodeObject("n1", { addresses: ["192.0.2.1"] }), nodeObject("n2", { addresses: ["192.0.2.2"] })]);
  await watch.use([named("web")]);
  await pass(clock, 200);
  assert.deepEqual(endpoints("web"), ["10.0.1.1", "192.0.2.2"]);
  api.send(paths.slices, "MODIFIED", sliceObject("nginx-a", ...pods.slice(1)));
  await pass(clock);
  assert.deepEqual(endpoints("web"), ["192.0.2.2"]);
  api.send(paths.servers, "MODIFIED", serverObject("web", { generation: 2, spec: onService }));
  await pass(clock);
  assert.deepEqual(endpoints("web"), ["10.0.2.1"]);
});

test("endpoints that were found for something else count as unknown", async (context) => {
  const { api, clock, watch, endpoints } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web", { spec: onService })]);
  api.byPath.set(paths.services, [serviceObject("nginx")]);
  api.byPath.set(paths.slices, [sliceObject("nginx-a", { addresses: ["10.0.1.1"] })]);
  await watch.use([named("web")]);
  await pass(clock, 200);
  api.send(paths.servers, "MODIFIED", serverObject("web", { generation: 2, spec: { ...onService, service: { name: "apache" } } }));
  await pass(clock);
  assert.equal(endpoints("web"), undefined);
  api.send(paths.services, "ADDED", serviceObject("apache"));
  await pass(clock);
  assert.deepEqual(endpoints("web"), []);
});

test("a Service that is missing, or lacks the port, leaves the endpoints and says so; one that was deleted has none", async (context) => {
  const { api, clock, watch, endpoints, changes } = setUp(context);
  const doubt = () => watch.doubts().get("shop/web");
  api.byPath.set(paths.servers, [serverObject("web", { spec: onService })]);
  api.byPath.set(paths.services, [serviceObject("nginx")]);
  api.byPath.set(paths.slices, [sliceObject("nginx-a", { addresses: ["10.0.1.1"] })]);
  await watch.use([named("web")]);
  await pass(clock, 200);
  assert.equal(doubt(), undefined);
  const before = changes();
  api.send(paths.services, "MODIFIED", { ...serviceObject("nginx"), spec: { ports: [{ port: 81 }] } });
  await pass(clock);
  assert.deepEqual([endpoints("web"), doubt(), changes()], [["10.0.1.1"], 'Service "nginx" has no port 80 of protocol TCP', before + 1]);
  api.byPath.set(paths.services, []);
  api.streams.findLast(({ options }) => options.path.startsWith(paths.services))?.send("ERROR", { code: 410, message: "too old" });
  await pass(clock, 2000);
  assert.deepEqual([endpoints("web"), doubt()], [["10.0.1.1"], 'there is no Service "nginx"']);
  api.send(paths.services, "DELETED", serviceObject("nginx"));
  await pass(clock);
  assert.deepEqual([endpoints("web"), doubt()], [[], undefined]);
  api.send(paths.services, "ADDED", serviceObject("nginx"));
  await pass(clock);
  assert.deepEqual(endpoints("web"), ["10.0.1.1"]);
});

test("the state directory has all that a start without API server needs", async (context) => {
  const first = setUp(context);
  first.api.byPath.set(paths.servers, [serverObject("web", { generation: 3, spec: onService })]);
  first.api.byPath.set(paths.services, [serviceObject("nginx")]);
  first.api.byPath.set(paths.slices, [sliceObject("nginx-a", { addresses: ["10.0.1.1"], nodeName: "n1" })]);
  await first.watch.use([named("web")]);
  await pass(first.clock, 2000);
  await first.watch.saved();
  first.stop.abort();
  const second = setUp(context, first.directory);
  second.api.failure = new ApiError(0, "ECONNREFUSED");
  await second.watch.use([named("web"), named("new")]);
  assert.deepEqual([second.names(), second.endpoints("web"), second.watch.unknown().length], [["web"], ["10.0.1.1"], 1]);
  assert.equal(second.watch.virtualServers()[0]?.generation, 3);
  await pass(second.clock, 20_000);
  assert.deepEqual([second.names(), second.endpoints("web")], [["web"], ["10.0.1.1"]]);
});

test("missing is not empty: a list that lacks it, or fails, leaves it; a deletion that is told withdraws it", async (context) => {
  const { api, clock, watch, names } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web"), serverObject("other")]);
  await watch.use([named("web"), named("other")]);
  await pass(clock);
  api.byPath.set(paths.servers, []);
  api.last.send("ERROR", { code: 410, message: "too old" });
  await pass(clock, 2000);
  assert.ok(api.lists.length >= 2);
  assert.deepEqual(names(), ["web", "other"]);
  api.send(paths.servers, "DELETED", serverObject("web"));
  await pass(clock);
  assert.deepEqual([names(), watch.unknown()], [["other"], []]);
  api.send(paths.servers, "ADDED", serverObject("web", { generation: 9 }));
  await pass(clock);
  assert.deepEqual(names(), ["web", "other"]);
});

test("one that cannot be used leaves the last one that could, and is told of", async (context) => {
  const { api, clock, watch } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web")]);
  await watch.use([named("web")]);
  await pass(clock);
  api.send(paths.servers, "MODIFIED", serverObject("web", { generation: 2, spec: { scheduler: "better" } }));
  await pass(clock);
  assert.equal(watch.virtualServers()[0]?.generation, 1);
  assert.match(watch.problems.join(), /^VirtualServer shop\/web: scheduler: /);
  api.send(paths.servers, "MODIFIED", serverObject("web", { generation: 3 }));
  await pass(clock);
  assert.deepEqual([watch.problems, watch.virtualServers()[0]?.generation], [[], 3]);
});

test("of one that could never be used it is known why nothing is known", async (context) => {
  const { api, clock, watch } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web", { spec: { scheduler: "better" } })]);
  await watch.use([named("web"), named("missing")]);
  await pass(clock);
  assert.deepEqual(
    watch.unknown().map(({ name }) => name),
    ["web", "missing"],
  );
  assert.deepEqual([...watch.doubts().keys()], ["shop/web"]);
  assert.match(watch.doubts().get("shop/web") ?? "", /^scheduler: /);
});

test("its own status is no news", async (context) => {
  const { api, clock, watch, changes } = setUp(context);
  api.byPath.set(paths.servers, [serverObject("web")]);
  await watch.use([named("web")]);
  await pass(clock);
  api.send(paths.servers, "MODIFIED", { ...serverObject("web"), status: { up: 1 } });
  await pass(clock);
  assert.equal(changes(), 1);
});

test("Secrets of health checks are asked for, and looked up when a check needs them", async (context) => {
  const { api, clock, watch, required, directory } = setUp(context);
  const healthChecks = [{ http: { scheme: "HTTPS", tls: { certificateRef: { name: "client" } } } }];
  api.byPath.set(paths.servers, [serverObject("web", { spec: { healthChecks } })]);
  await watch.use([named("web")]);
  await pass(clock);
  assert.deepEqual(
    required.at(-1)?.map(({ name, key }) => `${name}/${key}`),
    ["client/tls.crt", "client/tls.key", "client/ca.crt"],
  );
  await pass(clock, 2000);
  await watch.saved();
  // The next process needs them from its start on, whoever else says first what he needs.
  const next = setUp(context, directory);
  await next.watch.open();
  assert.deepEqual(next.required, [required.at(-1)]);
  const material = watch.certificates("client");
  assert.deepEqual(material, { cert: "certificate of client" });
  assert.equal(watch.certificates("client"), material);
});
