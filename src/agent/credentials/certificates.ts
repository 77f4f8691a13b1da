/** Certificates that health checks present, from Secrets. */
import type { VirtualServerSpec } from "../../api/virtualServer.ts";
import type { TlsMaterial } from "../checks/tls.ts";
import type { SecretLookup, SecretRef } from "./secrets.ts";

/** Each is optional. */
const keys: Record<"cert" | "key" | "ca", string> = { cert: "tls.crt", key: "tls.key", ca: "ca.crt" };

/** What the health checks of VirtualServers refer to. */
export function certificateRefs(specs: Iterable<VirtualServerSpec>): SecretRef[] {
  const checks = [...specs].flatMap(({ healthChecks = [], realServers = [] }) => [
    ...healthChecks,
    ...realServers.flatMap((server) => server.healthChecks ?? []),
  ]);
  const names = new Set(checks.flatMap(({ http, grpc }) => http?.tls?.certificateRef?.name ?? grpc?.tls?.certificateRef?.name ?? []));
  return [...names].flatMap((name) => Object.values(keys).map((key) => ({ name, key })));
}

/** By the name of the Secret; undefined while there is nothing of it. The same object as long as nothing changes: what is made of it is kept. */
export function certificateLookup(secrets: SecretLookup): (name: string) => TlsMaterial | undefined {
  const known = new Map<string, { text: string; material: TlsMaterial }>();
  return (name) => {
    const fields = Object.entries(keys).flatMap(([field, key]) => {
      const found = secrets.lookUp(name, key);
      return found.ok ? [[field, found.value] as const] : [];
    });
    if (fields.length === 0) return undefined;
    const text = JSON.stringify(fields);
    const before = known.get(name);
    if (before?.text === text) return before.material;
    const material: TlsMaterial = Object.fromEntries(fields);
    known.set(name, { text, material });
    return material;
  };
}
