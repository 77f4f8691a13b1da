import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfiguration, type StandaloneSource } from "../../../../src/agent/standalone/standaloneSource.ts";
import { link } from "../fixtures.ts";
import { temporaryDirectory } from "../stateFiles.ts";

function load(context: TestContext, name: string, text: string | undefined, fields: Partial<StandaloneSource> = {}) {
  const file = join(temporaryDirectory(context), name);
  if (text !== undefined) writeFileSync(file, text);
  return loadConfiguration({ file, node: "n1.example", hasScriptUser: false, ...fields }, [link()]).then((loaded) => ({ file, loaded }));
}

const conf = `global_defs {
  script_user www-data
}
vrrp_script check {
  script "/usr/bin/check now"
  user root
}
vrrp_instance web {
  interface eth0
  virtual_router_id 51
  @n1 priority 150
  @n2 priority 90
  authentication {
    auth_type PASS
    auth_pass hunter2
  }
  track_script {
    check
  }
  virtual_ipaddress {
    192.0.2.10/24
  }
  notify_master "/usr/bin/notify master"
}
`;

test("a keepalived.conf: spec, password and places; who runs its programs is the file's business unless a flag says it", async (context) => {
  const { file, loaded } = await load(context, "keepalived.conf", conf);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { spec, secrets, line } = loaded.configuration;
  const [router] = spec.virtualRouters;
  assert.deepEqual([router?.virtualIP, router?.virtualRouterID, router?.priority, router?.version], ["web", 51, 150, 2]);
  assert.deepEqual(secrets.lookUp(router?.passwordRef?.name ?? "", router?.passwordRef?.key ?? ""), { ok: true, value: "hunter2" });
  assert.ok(!JSON.stringify(spec).includes("hunter2"));
  assert.equal(spec.checks?.[0]?.exec?.user, "root");
  assert.equal(router?.notify?.programs?.[0]?.user, "www-data");
  assert.equal(line("virtualRouters[0]", "error", "no"), `${file}:8:1: error: no`);
  assert.equal(line("virtualRouters[0].notify.programs[0]", "warning", "no"), `${file}:23:3: warning: no`);
  assert.equal(line("virtualRouters[0].nothing.of[3].this", "error", "no"), `${file}:8:1: error: no`);
  assert.equal(line("nowhere", "error", "no"), `${file}:1:1: error: no`);
  const flagged = await load(context, "keepalived.conf", conf, { hasScriptUser: true });
  assert.ok(flagged.loaded.ok);
  assert.equal(flagged.loaded.configuration.spec.virtualRouters[0]?.notify?.programs?.[0]?.user, undefined);
});

test("--config-id instead of the node's name", async (context) => {
  const { loaded } = await load(context, "keepalived.conf", conf, { configId: "n2" });
  assert.ok(loaded.ok);
  assert.equal(loaded.configuration.spec.virtualRouters[0]?.priority, 90);
});

const bad: [string, string, string | undefined, RegExp][] = [
  ["a misspelt word in a keepalived.conf", "keepalived.conf", conf.replace("priority 150", "priorty 150"), /:11:\d+: error: .*priority/],
  ["authentication by AH", "keepalived.conf", conf.replace("PASS", "AH"), /:14:\d+: error: .*AH/],
  ["a keepalived.conf that is missing", "keepalived.conf", undefined, /keepalived\.conf:1:1: error: /],
  ["a YAML file that is missing", "vips.yaml", undefined, /vips\.yaml:1:1: error: cannot be read: ENOENT/],
  ["a YAML file with a mistake", "vips.yaml", "kind: Pod", /vips\.yaml:1:7: error: kind: expected/],
];
for (const [name, file, text, message] of bad) {
  test(`${name}: file, line, column and what is wrong`, async (context) => {
    const { loaded } = await load(context, file, text);
    assert.ok(!loaded.ok);
    assert.match(loaded.problems.join("\n"), message);
  });
}

const serving = `global_defs {
  script_user www-data
}
virtual_server 192.0.2.10 80 {
  delay_loop 6
  lb_algo rr
  lb_kind DR
  quorum_up "/usr/bin/quorum up"
  sorry_server 127.0.0.1 80
  real_server 10.0.0.1 80 {
    weight 3
    notify_down "/usr/bin/down" root
    MISC_CHECK {
      misc_path "/usr/bin/check one"
    }
  }
}
`;

test("virtual servers of a keepalived.conf: what the spec names, who runs their programs, and where they stand", async (context) => {
  const { file, loaded } = await load(context, "keepalived.conf", serving);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const { spec, servers, line } = loaded.configuration;
  const [server] = servers.virtualServers();
  assert.deepEqual(spec.virtualServers, [{ namespace: "keepalived", name: server?.name, addresses: ["192.0.2.10"] }]);
  assert.deepEqual(spec.virtualRouters, []);
  assert.deepEqual([server?.spec.scheduler, server?.spec.forwarding, server?.spec.drainTimeout], ["rr", "DR", "0s"]);
  const [real] = server?.spec.realServers ?? [];
  assert.deepEqual(
    [server?.spec.notify?.quorumUp?.[0]?.user, real?.notify?.down?.[0]?.user, real?.healthChecks?.[0]?.exec?.user],
    ["www-data", "root", "www-data"],
  );
  assert.equal(line("virtualServers[0].realServers[0].healthChecks[0].exec", "error", "no"), `${file}:14:7: error: no`);
  assert.equal(line("virtualServers[0].realServers[0].notify.down[0]", "warning", "no"), `${file}:12:5: warning: no`);
  assert.equal(line("virtualServers[0]", "error", "no"), `${file}:4:1: error: no`);
});

test("a keepalived.conf that says the same is not understood anew, one that was changed is", async (context) => {
  const file = join(temporaryDirectory(context), "keepalived.conf");
  const included = join(dirname(file), "part.conf");
  const source: StandaloneSource = { file, node: "n1", hasScriptUser: false };
  const read = async () => {
    const loaded = await loadConfiguration(source, [link()]);
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return loaded.configuration;
  };
  writeFileSync(file, `${conf}include part.conf\n`);
  writeFileSync(included, "");
  const first = await read();
  assert.equal(await read(), first);
  writeFileSync(
    included,
    "vrrp_instance more {\n  interface eth0\n  virtual_router_id 52\n  virtual_ipaddress {\n    192.0.2.11/24\n  }\n}\n",
  );
  const second = await read();
  assert.deepEqual(
    second.spec.virtualRouters.map(({ virtualIP }) => virtualIP),
    ["web", "more"],
  );
});

test("of a keepalived.conf with other lines the virtual servers whose own lines are the same are the same, and places are where they are now", async (context) => {
  const file = join(temporaryDirectory(context), "keepalived.conf");
  const source: StandaloneSource = { file, node: "n1", hasScriptUser: false };
  const block = (port: number, weight: number) =>
    `virtual_server 192.0.2.10 ${port} {\n  protocol TCP\n  lb_algo rr\n  lb_kind DR\n  real_server 10.0.0.1 ${port} {\n    weight ${weight}\n  }\n}\n`;
  const read = async (text: string) => {
    writeFileSync(file, text);
    const loaded = await loadConfiguration(source, [link()]);
    assert.ok(loaded.ok, JSON.stringify(loaded));
    return loaded.configuration;
  };
  const before = (await read(block(80, 1) + block(81, 1))).servers.virtualServers();
  const after = await read(block(79, 1) + block(80, 2) + block(81, 1));
  assert.deepEqual(
    after.servers.virtualServers().map((server) => before.indexOf(server)),
    [-1, -1, 1],
  );
  writeFileSync(file, "");
  assert.equal(after.line("virtualServers[2].realServers[0]", "error", "no"), `${file}:21:3: error: no`);
});
