/** A real server: to each line of a connection it answers with its name and the client's address. `realServerHost.ts NAME PORT...` */
import { createServer } from "node:net";

const [name, ...ports] = process.argv.slice(2);
const server = (port: number) =>
  new Promise<void>((resolve) => {
    createServer((socket) => {
      socket.on("error", () => socket.destroy());
      // A line is a segment: the client sends the next one when it has been answered.
      socket.on("data", () => socket.write(`${name} ${socket.remoteAddress?.replace("::ffff:", "")}\n`));
    }).listen({ port, host: "::" }, resolve);
  });
await Promise.all(ports.map(Number).map(server));
console.log("ready");
process.on("SIGTERM", () => process.exit());
