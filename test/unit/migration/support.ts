/** Short ways to import manifests in a test. */
import { parseAllDocuments, stringify } from "yaml";
import { formatDiagnostic } from "../../../src/keepalived/diagnostic.ts";
import { importManifests } from "../../../src/migration/importManifests.ts";

export interface Written {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: object; annotations?: object };
  spec?: object;
  data?: object;
  status?: object;
}

/** Each a document of its own, of objects.yaml. */
export function importObjects(...objects: Written[]) {
  return importText(objects.map((object) => stringify(object)).join("---\n"));
}

export function importText(text: string) {
  const migration = importManifests([{ name: "objects.yaml", text }]);
  const specs = new Map(migration.objects.map(({ object }) => [`${object.kind} ${object.metadata.name}`, object.spec]));
  const annotations = new Map(migration.services.map(({ manifest, annotations: all }) => [`${manifest.namespace}/${manifest.name}`, all]));
  const messages = migration.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic).replace(/^objects\.yaml:\d+:\d+: /, ""));
  return { migration, specs: Object.fromEntries(specs), annotations: Object.fromEntries(annotations), messages };
}

export function pool(name: string, spec: object = { addresses: ["192.0.2.0/28"] }, labels: object = {}): Written {
  return { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata: { name, namespace: "metallb-system", labels }, spec };
}

export function advertisement(name: string, spec: object = {}, kind = "L2Advertisement"): Written {
  return { apiVersion: "metallb.io/v1beta1", kind, metadata: { name, namespace: "metallb-system" }, spec };
}

export function service(name: string, annotations: object, spec: object = {}, addresses: string[] = []): Written {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop", annotations },
    spec: { type: "LoadBalancer", ...spec },
    status: { loadBalancer: addresses.length > 0 ? { ingress: addresses.map((ip) => ({ ip })) } : {} },
  };
}

export const documentsOf = (yaml: string) => parseAllDocuments(yaml).flatMap((document) => document.toJS() ?? []);
