import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { Mailer, parseRelay } from "../../../../src/agent/notify/mailer.ts";
import { NotificationCounters } from "../../../../src/agent/notify/notificationCounters.ts";
import { type Mail, mailSchema } from "../../../../src/api/notify.ts";
import { systemClock } from "../../../../src/runtime/clock.ts";
import { recordedLog } from "../recordedLog.ts";
import { startSmtpServer } from "./smtpServer.ts";

test("a relay is a host with or without a port, IPv6 too", () => {
  assert.deepEqual(parseRelay("127.0.0.1"), { host: "127.0.0.1", port: 25 });
  assert.deepEqual(parseRelay("mail.example.com:587"), { host: "mail.example.com", port: 587 });
  assert.deepEqual(parseRelay("[2001:db8::1]:2525"), { host: "2001:db8::1", port: 2525 });
  assert.deepEqual(parseRelay("[2001:db8::1]"), { host: "2001:db8::1", port: 25 });
  assert.deepEqual(parseRelay("2001:db8::1"), { host: "2001:db8::1", port: 25 });
});

function setUp(context: TestContext, port: number, fields: Partial<Mail> = {}) {
  const settings = mailSchema.parse({
    server: `127.0.0.1:${port}`,
    from: "keepalived@localhost",
    to: ["root@localhost", "ops@example.com"],
    ...fields,
  });
  const { log, lines } = recordedLog();
  const counters = new NotificationCounters();
  const end = new AbortController();
  context.after(() => end.abort());
  return { mailer: new Mailer({ settings, node: "n1", counters, log, clock: systemClock, signal: end.signal }), lines };
}

const mail = { subject: "[n1] VRRP Instance VIR_1 - Entering MASTER state", text: "=> VRRP Instance is now owning VRRP VIPs <=" };

test("a relay gets one mail for all recipients, in order", async (context) => {
  const relay = await startSmtpServer(context);
  const { mailer, lines } = setUp(context, relay.port, { helo: "node1.example.com" });
  mailer.send(mail);
  mailer.send({ ...mail, subject: "second" });
  await mailer.idle();
  assert.deepEqual(lines, []);
  const [first, second] = relay.mails;
  assert.deepEqual(
    { ...first, headers: first?.headers.filter((line) => /^(Subject|From|To):/.test(line)).sort() },
    {
      helo: "node1.example.com",
      from: "keepalived@localhost",
      to: ["root@localhost", "ops@example.com"],
      headers: [
        "From: keepalived@localhost",
        "Subject: [n1] VRRP Instance VIR_1 - Entering MASTER state",
        "To: root@localhost, ops@example.com",
      ],
      text: "=> VRRP Instance is now owning VRRP VIPs <=",
    },
  );
  assert.ok(second?.headers.includes("Subject: second"));
});

test("the subject names the node unless the settings say otherwise", async (context) => {
  assert.equal(setUp(context, 25).mailer.subjectName, "n1");
  assert.equal(setUp(context, 25, { subjectName: "node1.zhejian.com" }).mailer.subjectName, "node1.zhejian.com");
});

test("a relay that is down for a moment gets the mail when it is back", async (context) => {
  const { port, close } = await startSmtpServer(context);
  close();
  const { mailer, lines } = setUp(context, port);
  mailer.send(mail);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const relay = await startSmtpServer(context, { port });
  await mailer.idle();
  assert.equal(relay.mails.length, 1);
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["mail was not taken and is tried again"],
  );
});

test("a relay that stays silent is given up after its time", async (context) => {
  const server = createServer((socket) => socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const { mailer, lines } = setUp(context, (server.address() as { port: number }).port, { timeout: "400ms" });
  const startedAt = performance.now();
  mailer.send(mail);
  await mailer.idle();
  const took = performance.now() - startedAt;
  assert.ok(took >= 350 && took < 3000, `${took} ms`);
  assert.deepEqual(
    lines.map(({ msg, reason }) => [msg, reason]),
    [["mail could not be sent", "it took longer than 400 ms"]],
  );
});

test("a relay that refuses is not asked again", async (context) => {
  const relay = await startSmtpServer(context, { answer: (word) => (word === "MAIL" ? "550 no" : "usual") });
  const { mailer, lines } = setUp(context, relay.port);
  mailer.send(mail);
  await mailer.idle();
  assert.equal(relay.connections(), 1);
  assert.match(String(lines[0]?.reason), /550 no/);
});
