// A pod behind Services: over HTTP it tells its node and the client's address as it sees it; datagrams go back as they came.
const { createSocket } = require("node:dgram");
const { createServer } = require("node:http");

const { NODE_NAME } = process.env;
// By default the questions of 35 ms from a fleet's client: where this process is not scheduled for longer they would look like an outage.
const recvBufferSize = 4 << 20;
const socket = createSocket({ type: "udp6", ipv6Only: false, recvBufferSize });
socket.on("message", (message, { port, address }) => socket.send(message, port, address));
socket.bind(7000, "::");
createServer(({ socket: { remoteAddress } }, response) => {
  response.end(`${NODE_NAME} ${remoteAddress.replace("::ffff:", "")}`);
}).listen(8080, "::");
