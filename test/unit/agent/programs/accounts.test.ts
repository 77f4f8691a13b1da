import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseAccount, findAccount, parsePasswd } from "../../../../src/agent/programs/accounts.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
# nobody:x:1:1::/:/bin/sh
broken line
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
ops:x:1000:1001:,,,:/home/ops:/bin/sh
ops:x:0:0:a second line of the name:/root:/bin/sh
bad:x:-1:x::/:/bin/sh
`;
const group = "root:x:0:\nnogroup:x:65534:\nadm:x:4:ops\n";

function account(wanted: string | undefined, users = passwd) {
  const result = chooseAccount(wanted, users, group);
  return result.ok ? `${result.account.name} ${result.account.uid}:${result.account.gid}` : result.problem;
}

test("without a name keepalived_script runs programs, and where there is none nobody does", () => {
  assert.equal(account(undefined), "nobody 65534:65534");
  assert.equal(account(undefined, `${passwd}keepalived_script:x:900:901::/:/bin/false\n`), "keepalived_script 900:901");
  assert.equal(account(undefined, "root:x:0:0::/:/bin/sh\n"), "there is no user keepalived_script or nobody to run it as");
});

test("a user has his primary group, or the one that is named", () => {
  assert.equal(account("ops"), "ops 1000:1001");
  assert.equal(account("ops:adm"), "ops 1000:4");
  assert.equal(account("who"), "there is no user who");
  assert.equal(account("ops:who"), "there is no group who");
  assert.equal(account("bad"), "there is no user bad");
});

test("of several lines with one name the first counts, as for getpwnam", () => {
  assert.equal(parsePasswd(passwd).get("ops")?.uid, 1000);
});

test("the files of this machine have the default user", async () => {
  const found = await findAccount(undefined);
  assert.ok(found.ok, found.ok ? "" : found.problem);
});
