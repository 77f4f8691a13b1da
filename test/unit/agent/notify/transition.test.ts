import assert from "node:assert/strict";
import { test } from "node:test";
import { groupState } from "../../../../src/agent/notify/groupState.ts";
import {
  fifoLine,
  mailOf,
  programsOf,
  stateOfDeletion,
  type Transition,
  webhookDocument,
} from "../../../../src/agent/notify/transition.ts";
import { type Notify, notifySchema } from "../../../../src/api/notify.ts";

function transition(fields: Partial<Transition> = {}): Transition {
  return { type: "INSTANCE", name: "VIR_1", state: "MASTER", priority: 100, at: new Date(0), ...fields };
}

/** As an importer writes notify_master, notify_backup, notify_fault and notify of a keepalived.conf. */
const imported: Notify = notifySchema.parse({
  programs: [
    { events: ["MASTER", "BACKUP", "FAULT", "STOP"], command: ["/any.sh"], appendState: true },
    { events: ["MASTER"], command: ["/notify.sh", "master"] },
    { events: ["BACKUP"], command: ["/notify.sh", "backup"], user: "ops" },
    { events: ["FAULT"], command: ["/notify.sh", "fault"] },
  ],
});

test("a state's own program runs first, then the generic one with keepalived's four words", () => {
  assert.deepEqual(programsOf(imported, transition()), [
    { command: ["/notify.sh", "master"], user: undefined },
    { command: ["/any.sh", "INSTANCE", "VIR_1", "MASTER", "100"], user: undefined },
  ]);
  assert.deepEqual(programsOf(imported, transition({ state: "BACKUP" }))[0], { command: ["/notify.sh", "backup"], user: "ops" });
  assert.deepEqual(programsOf(imported, transition({ type: "GROUP", name: "VG", state: "FAULT", priority: 0 })).at(-1)?.command, [
    "/any.sh",
    "GROUP",
    "VG",
    "FAULT",
    "0",
  ]);
});

test("STOP is for those that ask for it, and nobody else", () => {
  assert.deepEqual(
    programsOf(imported, transition({ state: "STOP" })).map(({ command }) => command.join(" ")),
    ["/any.sh INSTANCE VIR_1 STOP 100"],
  );
  assert.deepEqual(programsOf(imported, transition({ state: "DELETED" })), []);
  assert.deepEqual(programsOf(undefined, transition()), []);
});

test("a router that is taken away is FAULT, as keepalived has it, unless somebody asks for DELETED", () => {
  assert.equal(stateOfDeletion(imported), "FAULT");
  assert.equal(stateOfDeletion(notifySchema.parse({ programs: [{ events: ["DELETED"], command: ["/x"] }] })), "DELETED");
  assert.equal(stateOfDeletion(undefined), "FAULT");
});

test("the line of the FIFO is keepalived's, and one line whatever the name holds", () => {
  assert.equal(fifoLine(transition()), 'INSTANCE "VIR_1" MASTER 100\n');
  assert.equal(fifoLine(transition({ type: "GROUP", name: "VG", state: "FAULT", priority: 0 })), 'GROUP "VG" FAULT 0\n');
  assert.equal(fifoLine(transition({ name: 'a"\nINSTANCE "b' })), "INSTANCE \"a'?INSTANCE 'b\" MASTER 100\n");
});

test("mail has keepalived's subject and text", () => {
  assert.deepEqual(mailOf(transition(), "node1.zhejian.com"), {
    subject: "[node1.zhejian.com] VRRP Instance VIR_1 - Entering MASTER state",
    text: "=> VRRP Instance is now owning VRRP VIPs <=",
  });
  const subjects = (["BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI"] as const).map(
    (state) => mailOf(transition({ state }), "n")?.subject,
  );
  assert.deepEqual(subjects, [
    "[n] VRRP Instance VIR_1 - Entering BACKUP state",
    "[n] VRRP Instance VIR_1 - Entering FAULT state",
    "[n] VRRP Instance VIR_1 - Stopping",
    "[n] VRRP Instance VIR_1 - Deleted",
    undefined,
  ]);
  assert.deepEqual(mailOf(transition({ type: "GROUP", name: "VG", state: "BACKUP" }), "n"), {
    subject: "[n] VRRP Group VG - Entering BACKUP state",
    text: "=> All VRRP group instances are now in BACKUP state <=",
  });
});

test("a web hook gets all of it, with the node and the time", () => {
  assert.deepEqual(webhookDocument(transition({ from: "BACKUP", reason: "AdvertTimeout", family: "IPv4" }), "n1"), {
    type: "INSTANCE",
    name: "VIR_1",
    state: "MASTER",
    priority: 100,
    from: "BACKUP",
    reason: "AdvertTimeout",
    family: "IPv4",
    node: "n1",
    time: "1970-01-01T00:00:00.000Z",
  });
});

const groups = [
  { members: [], state: undefined },
  { members: ["INIT", "INIT"], state: undefined },
  { members: ["BACKUP", "INIT"], state: "BACKUP" },
  { members: ["BACKUP", "BACKUP"], state: "BACKUP" },
  { members: ["MASTER", "BACKUP"], state: undefined },
  { members: ["MASTER", "MASTER"], state: "MASTER" },
  { members: ["FAULT", "MASTER"], state: "FAULT" },
  { members: ["BACKUP", "FAULT"], state: "FAULT" },
] as const;

for (const { members, state } of groups) {
  test(`a group of ${members.join(", ") || "nobody"} is ${state ?? "on its way"}`, () => assert.equal(groupState(members), state));
}
