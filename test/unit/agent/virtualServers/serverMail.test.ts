import assert from "node:assert/strict";
import { test } from "node:test";
import type { QuorumChange, ServerChange } from "../../../../src/agent/virtualServers/serverChanges.ts";
import { listServers } from "../../../../src/agent/virtualServers/serverList.ts";
import { serverMail } from "../../../../src/agent/virtualServers/serverMail.ts";
import type { HealthCheckInput } from "../../../../src/api/healthCheck.ts";
import { healthCheckSchema } from "../../../../src/api/healthCheck.ts";
import { type ServerFields, virtualServer } from "./samples.ts";

function ofServer(fields: Partial<ServerChange> = {}, check: HealthCheckInput = { tcp: {} }, server: ServerFields = {}) {
  const owner = virtualServer(server);
  const [first] = listServers(owner, []);
  assert.ok(first);
  const parsed = healthCheckSchema.parse(check);
  const change: ServerChange = {
    virtualServer: owner,
    server: first,
    up: true,
    occasion: "Changed",
    message: "",
    check: parsed,
    ...fields,
  };
  return serverMail(change, "LVS_1");
}

function ofQuorum(fields: Partial<QuorumChange>, server: ServerFields = {}) {
  return serverMail({ virtualServer: virtualServer(server), up: true, occasion: "Changed", upWeight: 2, threshold: 1, ...fields }, "LVS_1");
}

test("keepalived's words for real servers", () => {
  const subject = "[LVS_1] Realserver [10.0.0.1]:tcp:80 of virtual server [192.0.2.10]:tcp:80";
  assert.deepEqual(ofServer(), { subject: `${subject} - UP`, text: "=> TCP CHECK succeed on service <=" });
  const down = { up: false, message: "HTTP status 500" };
  assert.deepEqual(ofServer(down), { subject: `${subject} - DOWN`, text: "=> TCP CHECK failed on service <=" });
  assert.equal(ofServer(down, { http: {} }).text, "=> CHECK failed on service : HTTP status 500 <=");
  assert.equal(ofServer({}, { http: {} }).text, "=> CHECK succeed on service <=");
  assert.equal(ofServer(down, { icmp: {} }).text, "=> ICMP CHECK failed on service <=");
  assert.equal(ofServer({ up: false, occasion: "Removed" }).text, "=> Removing <=");
  assert.equal(ofServer({ up: false, occasion: "Stopped" }).text, "=> Shutting down <=");
});

test("keepalived's words for a quorum", () => {
  const subject = "[LVS_1] Virtualserver [192.0.2.10]:tcp:80";
  assert.deepEqual(ofQuorum({}), { subject: `${subject} - UP`, text: "=> Gained quorum 1+0=1 <= 2 <=" });
  assert.deepEqual(ofQuorum({ up: false, upWeight: 0 }), { subject: `${subject} - DOWN`, text: "=> Lost quorum 1+0=1 <= 0 <=" });
  assert.equal(ofQuorum({ occasion: "Started" }).text, "=> Starting with quorum up 1+0=1 <= 2 <=");
  assert.equal(ofQuorum({ occasion: "Stopped", up: false }).text, "=> Shutting down <=");
});

test("a mark, and the name where there are several addresses or ports", () => {
  const mark = { addresses: [], spec: { virtualIP: undefined, ports: undefined, firewallMark: 3 } };
  assert.match(ofQuorum({}, mark).subject, /Virtualserver FWM 3 - UP$/);
  assert.match(ofQuorum({}, { addresses: ["192.0.2.10", "192.0.2.11"] }).subject, /Virtualserver \[web\]:80 - UP$/);
  assert.match(ofQuorum({}, { spec: { ports: [{ port: 80, last: 81 }] } }).subject, /Virtualserver \[web\]:80 - UP$/);
});
