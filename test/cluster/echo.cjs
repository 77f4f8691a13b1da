// Answers each datagram with the name of the node that it came to. Runs in Aloft's own image: cluster nodes have no registry.
const { createSocket } = require("node:dgram");
const { createServer } = require("node:http");
const net = require("node:net");

const { NODE_NAME } = process.env;
const socket = createSocket({ type: "udp6", ipv6Only: false });
socket.on("message", (message, { port, address }) => socket.send(`${message} ${NODE_NAME}`, port, address));
socket.bind(7000, "::");
net.createServer((connection) => connection.on("error", () => {}).pipe(connection)).listen(7001, "::");
createServer((_, response) => response.end(NODE_NAME)).listen(8080, "::");
