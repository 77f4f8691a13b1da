import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { certificateFiles } from "../../../../src/agent/credentials/certificateFiles.ts";
import { certificateLookup, certificateRefs } from "../../../../src/agent/credentials/certificates.ts";
import { FixedSecrets, type SecretRef, shareSecrets } from "../../../../src/agent/credentials/secrets.ts";
import { VirtualClock } from "../../runtime/virtualClock.ts";
import { temporaryDirectory } from "../stateFiles.ts";
import { virtualServer } from "../virtualServers/samples.ts";

const tls = (name: string) => ({ certificateRef: { name } });

test("what health checks of a VirtualServer and of its servers refer to, each once", () => {
  const { spec } = virtualServer({
    spec: {
      healthChecks: [{ grpc: { tls: tls("a") } }, { tcp: {} }],
      realServers: [
        { address: "10.0.0.1", healthChecks: [{ http: { scheme: "HTTPS", tls: tls("b") } }] },
        { address: "10.0.0.2", healthChecks: [{ http: { scheme: "HTTPS", tls: tls("a") } }] },
      ],
    },
  });
  const refs = certificateRefs([spec]).map(({ name, key }) => `${name}/${key}`);
  assert.deepEqual(refs, ["a/tls.crt", "a/tls.key", "a/ca.crt", "b/tls.crt", "b/tls.key", "b/ca.crt"]);
});

test("a certificate is one object as long as it stays the same", () => {
  let value = "one";
  const lookUp = certificateLookup({
    lookUp: (name, key) => (name === "client" && key !== "ca.crt" ? { ok: true, value: `${value} ${key}` } : { ok: false, message: "no" }),
  });
  const first = lookUp("client");
  assert.deepEqual(first, { cert: "one tls.crt", key: "one tls.key" });
  assert.equal(lookUp("client"), first);
  value = "two";
  assert.equal(lookUp("client")?.cert, "two tls.crt");
  assert.equal(lookUp("other"), undefined);
});

test("users of one source each name what they need, and nobody loses what another one names", async () => {
  const required: string[][] = [];
  const source = new FixedSecrets([{ name: "a", key: "k", value: "v" }]);
  const of = shareSecrets({
    require: (refs: readonly SecretRef[]) => {
      required.push(refs.map(({ name }) => name));
      return Promise.resolve();
    },
    lookUp: (name, key) => source.lookUp(name, key),
  });
  const [first, second] = [of(), of()];
  await first.require([{ name: "a", key: "k" }]);
  await second.require([{ name: "b", key: "k" }]);
  await first.require([]);
  assert.deepEqual(required, [["a"], ["a", "b"], ["b"]]);
  assert.deepEqual(second.lookUp("a", "k"), { ok: true, value: "v" });
});

test("files are read again after a minute; what cannot be read leaves what was", (context) => {
  const directory = temporaryDirectory(context);
  const certificate = join(directory, "tls.crt");
  writeFileSync(certificate, "one");
  let now = 0;
  const clock = Object.assign(new VirtualClock(), { now: () => now });
  const lookUp = certificateFiles({ name: "ssl", certificate, passphrase: "secret" }, clock);
  const first = lookUp("ssl");
  assert.deepEqual([first?.cert, first?.key, first?.passphrase], ["one", undefined, "secret"]);
  assert.equal(lookUp("other"), undefined);
  writeFileSync(certificate, "two");
  now = 59_000;
  assert.equal(lookUp("ssl"), first);
  now = 60_000;
  assert.equal(lookUp("ssl")?.cert, "two");
  rmSync(certificate);
  now = 200_000;
  assert.equal(lookUp("ssl")?.cert, "two");
  assert.equal(certificateFiles(undefined, clock)("ssl"), undefined);
});
