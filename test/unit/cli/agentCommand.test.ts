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
    sysctlDirectory: undefined,
    allowedDirectories: [],
    scriptUser: undefined,
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
  assert.deepEqual([source, http, logLevel], [{ kind: "standalone", file: "x.yaml", configId: undefined }, undefined, "debug"]);
});

test("keepalived.conf, its id, and who may run what", () => {
  const flags = ["--standalone", "--config=/etc/keepalived/keepalived.conf", "--config-id", "lb1"];
  const options = agentOptions([...flags, "--allow-scripts", "/etc/keepalived", "--allow-scripts=/", "--script-user", "www"], environment);
  assert.deepEqual(options.source, { kind: "standalone", file: "/etc/keepalived/keepalived.conf", configId: "lb1" });
  assert.deepEqual([options.allowedDirectories, options.scriptUser], [["/etc/keepalived", "/"], "www"]);
});

const wrong: [string, string[], RegExp][] = [
  ["a relative directory", ["--allow-scripts", "scripts"], /--allow-scripts scripts: must be an absolute path/],
  [
    "an id without a keepalived.conf",
    ["--standalone", "--config", "x.yaml", "--config-id", "a"],
    /--config-id needs --config with a keepalived.conf/,
  ],
  ["a file of another kind", ["--standalone", "--config", "x.json"], /must end in \.conf, \.yaml or \.yml/],
];
for (const [name, args, message] of wrong) {
  test(`${name} is refused`, () => assert.throws(() => agentOptions(args, environment), { code: "ALOFT_USAGE", message }));
}

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
