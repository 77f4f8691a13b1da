/** A real server: to each line of a connection it answers with its name and the client's address. `realServerHost.ts NAME PORT` */
import { createServer } from "node:net";

const [name, port] = process.argv.slice(2);
createServer((socket) => {
  socket.on("error", () => socket.destroy());
  // A line is a segment: the client sends the next one when it has been answered.
  socket.on("data", () => socket.write(`${name} ${socket.remoteAddress?.replace("::ffff:", "")}\n`));
}).listen({ port: Number(port), host: "::" }, () => console.log("ready"));
process.on("SIGTERM", () => process.exit());
