/** Addresses of the simulated nodes and of the pool: one network, of which the pool has the upper half. Pure. */

export const poolRange = "10.77.128.0-10.77.191.255";

export function nodeName(index: number): string {
  return `node-${String(index).padStart(4, "0")}`;
}

export function interfacesOf(node: string) {
  const index = Number(node.slice(node.lastIndexOf("-") + 1)) + 1;
  return [{ name: "eth0", up: true, addresses: [`10.77.${index >> 8}.${index & 255}/16`] }];
}
