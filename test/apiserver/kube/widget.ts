/** A cluster-scoped custom kind to test with, and a client for it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeClient } from "../../../src/kube/client.ts";
import type { KubeObject, Resource } from "../../../src/kube/object.ts";
import type { ControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";
import type { TcpProxy } from "./tcpProxy.ts";

export const widgets: Resource = { apiVersion: "test.example.org/v1", kind: "Widget", plural: "widgets", namespaced: false };

export interface Widget extends KubeObject {
  spec?: { size: number };
  status?: { phase?: string; conditions?: { type: string; status: string }[] };
}

const text = { type: "string" };
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.test.example.org" },
  spec: {
    group: "test.example.org",
    scope: "Cluster",
    names: { kind: "Widget", plural: "widgets", singular: "widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: { type: "object", properties: { size: { type: "integer", minimum: 1 } } },
              status: {
                type: "object",
                properties: {
                  phase: text,
                  conditions: {
                    type: "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["type"],
                    items: { type: "object", required: ["type"], properties: { type: text, status: text } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

export function connect(plane: ControlPlane): KubeClient {
  return new KubeClient({ kubeconfig: plane.kubeconfig(), userAgent: "aloft-test" });
}

/** A client that reaches the API server through a proxy. */
export function connectThrough(proxy: TcpProxy, plane: ControlPlane): KubeClient {
  const kubeconfig = join(plane.folder, `proxy-${new URL(proxy.url).port}.kubeconfig`);
  writeFileSync(kubeconfig, readFileSync(plane.kubeconfig(), "utf8").replaceAll(plane.url, proxy.url));
  return new KubeClient({ kubeconfig, userAgent: "aloft-test" });
}

/** Installs the kind and waits until it is served. */
export async function installWidgets(plane: ControlPlane, client: KubeClient): Promise<void> {
  await plane.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(definition) });
  await until("the kind Widget to be served", async () => (await client.list(widgets)).resourceVersion, { timeoutMs: 20_000 });
}

export function createWidget(client: KubeClient, name: string, size = 1): Promise<Widget> {
  return client.create<Widget>(widgets, { metadata: { name }, spec: { size } }, { fieldManager: "test" });
}
