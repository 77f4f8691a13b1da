// A pod behind Services: over HTTP it tells its node and the client's address as it sees it; datagrams go back as they came.
const { createSocket } = require("node:dgram");
const { createServer } = require("node:http");

const { NODE_NAME } = process.env;
const socket = createSocket({ type: "udp6", ipv6Only: false });
socket.on("message", (message, { port, address }) => socket.send(message, port, address));
socket.bind(7000, "::");
createServer(({ socket: { remoteAddress } }, response) => {
  response.end(`${NODE_NAME} ${remoteAddress.replace("::ffff:", "")}`);
}).listen(8080, "::");
