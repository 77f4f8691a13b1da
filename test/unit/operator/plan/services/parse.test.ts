import assert from "node:assert/strict";
import { test } from "node:test";
import { viewEndpoints, viewNamespace, viewService } from "../../../../../src/operator/plan/services/parse.ts";
import { timeAt } from "../../samples.ts";

/** As kube-apiserver fills one in. */
const spec = {
  type: "LoadBalancer",
  loadBalancerClass: "aloft.dev/vrrp",
  allocateLoadBalancerNodePorts: true,
  clusterIP: "10.96.1.1",
  clusterIPs: ["10.96.1.1"],
  ipFamilies: ["IPv4"],
  ipFamilyPolicy: "SingleStack",
  externalTrafficPolicy: "Cluster",
  internalTrafficPolicy: "Cluster",
  ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080, nodePort: 31195 }],
  selector: { app: "shop" },
  sessionAffinity: "None",
};
const metadata = { name: "shop", namespace: "web", uid: "u", creationTimestamp: timeAt(0) };

test("a Service as kube-apiserver has it", () => {
  assert.deepEqual(viewService({ metadata, spec, status: { loadBalancer: {} } }), {
    key: "web/shop",
    namespace: "web",
    name: "shop",
    uid: "u",
    createdAt: timeAt(0),
    deleting: false,
    hasFinalizer: false,
    labels: {},
    annotations: {},
    isLoadBalancer: true,
    loadBalancerClass: "aloft.dev/vrrp",
    families: ["IPv4"],
    familyPolicy: "SingleStack",
    ports: [{ protocol: "TCP", port: 80 }],
    isLocal: false,
    limitsSources: false,
    publishesNotReady: false,
    ingress: [],
    conditions: [],
  });
});

test("a Service with all that counts", () => {
  const condition = { status: "True", reason: "R", message: "", lastTransitionTime: timeAt(0) };
  const view = viewService({
    metadata: { ...metadata, deletionTimestamp: timeAt(1), finalizers: ["x", "service.kubernetes.io/load-balancer-cleanup"] },
    spec: {
      ...spec,
      loadBalancerIP: "192.0.2.1",
      externalTrafficPolicy: "Local",
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      publishNotReadyAddresses: true,
    },
    status: {
      loadBalancer: { ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }, { hostname: "example.com" }] },
      conditions: [
        { ...condition, type: "aloft.dev/Assigned" },
        { ...condition, type: "example.com/Other" },
      ],
    },
  });
  assert.deepEqual(
    [
      view?.deleting,
      view?.hasFinalizer,
      view?.loadBalancerIP,
      view?.isLocal,
      view?.limitsSources,
      view?.affinitySeconds,
      view?.publishesNotReady,
    ],
    [true, true, "192.0.2.1", true, true, 60, true],
  );
  assert.deepEqual(view?.ingress, [{ ip: "192.0.2.1", ipMode: "VIP" }, {}]);
  assert.deepEqual(
    view?.conditions.map(({ type }) => type),
    ["aloft.dev/Assigned"],
  );
});

test("source ranges that leave nobody out limit nothing; an empty loadBalancerIP asks for nothing", () => {
  const view = viewService({ metadata, spec: { ...spec, loadBalancerIP: "", loadBalancerSourceRanges: ["0.0.0.0/0", "::/0"] } });
  assert.deepEqual([view?.limitsSources, view?.loadBalancerIP], [false, undefined]);
});

test("other types of Services are looked at as such, what is none is not", () => {
  assert.equal(viewService({ metadata, spec: { type: "ExternalName", externalName: "example.com" } })?.isLoadBalancer, false);
  assert.equal(viewService({ metadata: {}, spec }), undefined);
});

test("nodes with ready endpoints: ready unless it is said otherwise, each once", () => {
  const slice = (endpoints: object[] | null) => ({
    metadata: { name: "shop-1", namespace: "web", labels: { "kubernetes.io/service-name": "shop" } },
    endpoints,
  });
  const endpoints = [
    { nodeName: "n1", conditions: { ready: true } },
    { nodeName: "n1", conditions: {} },
    { nodeName: "n2", conditions: { ready: false, serving: true, terminating: true } },
    { nodeName: "n3" },
    { conditions: { ready: true } },
  ];
  assert.deepEqual(viewEndpoints(slice(endpoints)), { service: "web/shop", nodes: ["n1", "n3"] });
  assert.deepEqual(viewEndpoints(slice(null)), { service: "web/shop", nodes: [] });
  assert.deepEqual(viewEndpoints({ ...slice([]), metadata: { name: "x", namespace: "web" } } as { metadata: unknown }), { nodes: [] });
});

test("namespaces have labels", () => {
  assert.deepEqual(viewNamespace({ metadata: { name: "web", labels: { tenant: "a" } } }), { name: "web", labels: { tenant: "a" } });
});
