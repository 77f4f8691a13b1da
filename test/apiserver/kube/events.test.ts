import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { KubeClient } from "../../../src/kube/client.ts";
import { type CoreEvent, events } from "../../../src/kube/coreEvent.ts";
import { EventRecorder } from "../../../src/kube/events.ts";
import { type ControlPlane, startControlPlane } from "../../support/controlPlane.ts";
import { until } from "../../support/waiting.ts";
import { connect, createWidget, installWidgets } from "./widget.ts";

let plane: ControlPlane;
let client: KubeClient;

before(async () => {
  plane = await startControlPlane();
  client = connect(plane);
  await installWidgets(plane, client);
});

after(async () => {
  await client?.close();
  await plane?.stop();
});

async function eventsAbout(name: string): Promise<CoreEvent[]> {
  return (await client.list<CoreEvent>(events, { namespace: "default", fieldSelector: `involvedObject.name=${name}` })).items;
}

test("kubectl describe of a cluster-scoped object shows its Events, equal ones as one that counts", async () => {
  const widget = await createWidget(client, "described");
  const recorder = new EventRecorder({ client, component: "aloft-operator", instance: "pod-1" });
  recorder.record(widget, "Normal", "Moved", "moved from n1 to n2");
  recorder.record(widget, "Warning", "NoEligibleNode", "no node can hold the addresses");
  recorder.record(widget, "Normal", "Moved", "moved from n1 to n2");
  await recorder.close();
  const described = await plane.kubectl(["describe", "widget", "described"]);
  assert.match(described, /Normal +Moved +.*aloft-operator +moved from n1 to n2/);
  assert.match(described, /Warning +NoEligibleNode +.*aloft-operator +no node can hold the addresses/);
  assert.deepEqual((await eventsAbout("described")).map(({ reason, count }) => [reason, count]).sort(), [
    ["Moved", 2],
    ["NoEligibleNode", 1],
  ]);
});

test("an Event that the API server has forgotten is written anew", async () => {
  const widget = await createWidget(client, "forgotten");
  const recorder = new EventRecorder({ client, component: "aloft-operator" });
  recorder.record(widget, "Normal", "Moved", "again");
  await until("the Event to be written", async () => (await eventsAbout("forgotten")).length === 1);
  for (const { metadata } of await eventsAbout("forgotten")) await client.delete(events, metadata);
  recorder.record(widget, "Normal", "Moved", "again");
  await recorder.close();
  assert.deepEqual(
    (await eventsAbout("forgotten")).map((event) => event.count),
    [2],
  );
});
