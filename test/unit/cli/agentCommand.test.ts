import assert from "node:assert/strict";
import { test } from "node:test";
import { agentOptions } from "../../../src/cli/agentCommand.ts";
import { parseListenAddress } from "../../../src/cli/values.ts";
import type { Environment } from "../../../src/runtime/env.ts";

const environment: Environment = { kubeconfigPaths: [], home: "/", hostName: "host" };

test("defaults", () => {
  assert.deepEqual(agentOptions([], environment), {
    source: { kind: "cluster", kubeconfig: undefined },
    node: "host",
    stateDirectory: "/var/lib/aloft",
    http: { host: "127.0.0.1", port: 9105 },
    logLevel: "info",
  });
});

test("the node's name: flag before NODE_NAME before host name", () => {
  assert.equal(agentOptions([], { ...environment, nodeName: "pod-node" }).node, "pod-node");
  assert.equal(agentOptions(["--node", "n1"], { ...environment, nodeName: "pod-node" }).node, "n1");
});

test("standalone", () => {
  const { source, http, logLevel } = agentOptions(
    ["--standalone", "--config=x.yaml", "--http", "off", "--log-level", "debug"],
    environment,
  );
  assert.deepEqual([source, http, logLevel], [{ kind: "standalone", file: "x.yaml" }, undefined, "debug"]);
});

const addresses: [string, { host: string; port: number } | undefined][] = [
  ["off", undefined],
  ["127.0.0.1:9105", { host: "127.0.0.1", port: 9105 }],
  ["[::1]:80", { host: "::1", port: 80 }],
  [":80", { host: "::", port: 80 }],
  ["localhost:0", { host: "localhost", port: 0 }],
];
for (const [text, expected] of addresses) test(`--http ${text}`, () => assert.deepEqual(parseListenAddress(text), expected));
for (const text of ["", "80", "::1:80", "a:65536", "a:-1", "[::1]", "[::1:80"]) {
  test(`--http "${text}" is refused`, () => assert.throws(() => parseListenAddress(text), /must be ADDRESS:PORT/));
}
