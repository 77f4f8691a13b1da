/** Objects of the API server that virtual servers are made of. */
export function serverObject(name: string, fields: { namespace?: string; generation?: number; spec?: object } = {}) {
  const { namespace = "shop", generation = 1, spec = {} } = fields;
  const basic = { virtualIP: "web", ports: [{ port: 80 }], realServers: [{ address: "10.0.0.1" }] };
  const merged = Object.fromEntries(Object.entries({ ...basic, ...spec }).filter(([, value]) => value !== undefined));
  return { metadata: { namespace, name, generation, resourceVersion: "5" }, spec: merged as Record<string, unknown> };
}

export const serviceObject = (name: string) => ({
  metadata: { name, resourceVersion: "5" },
  spec: {
    ports: [
      { name: "http", port: 80, protocol: "TCP" },
      { name: "https", port: 443, protocol: "TCP" },
    ],
  },
});

export const sliceObject = (name: string, ...endpoints: object[]) => ({
  metadata: { name, labels: { "kubernetes.io/service-name": name.split("-")[0] }, resourceVersion: "5" },
  addressType: "IPv4",
  ports: [
    { name: "http", port: 8080, protocol: "TCP" },
    { name: "https", port: 8443, protocol: "TCP" },
  ],
  endpoints,
});

export function nodeObject(name: string, fields: { addresses?: string[]; labels?: Record<string, string>; ready?: boolean } = {}) {
  const { addresses = [], labels = {}, ready = true } = fields;
  return {
    metadata: { name, labels, resourceVersion: "5" },
    status: {
      addresses: [{ type: "Hostname", address: name }, ...addresses.map((address) => ({ type: "InternalIP", address }))],
      conditions: [{ type: "Ready", status: ready ? "True" : "Unknown" }],
    },
  };
}
