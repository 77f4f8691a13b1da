/**
 * Servers for health checks: listens on the given ports of all addresses and closes what connects. Runs inside the network namespace of a
 * node; says "ready".
 *
 *   node bench/health/servers.ts FIRST_PORT COUNT
 */
import { createServer } from "node:net";

const [first = 0, count = 0] = process.argv.slice(2).map(Number);
const backlog = 4096;

const listening = Array.from({ length: count }, (_, index) => {
  const server = createServer({ pauseOnConnect: true }, (socket) => socket.on("error", () => {}).destroy());
  return new Promise<void>((resolve) => server.listen({ port: first + index, host: "0.0.0.0", backlog }, resolve));
});
await Promise.all(listening);
process.stdout.write("ready\n");
