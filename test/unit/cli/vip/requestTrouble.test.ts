/** What kubectl vip says when the API server refuses; the answers are those of a kube-apiserver. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeTrouble } from "../../../../src/cli/vip/requestTrouble.ts";
import { errorOfStatus } from "../../../../src/kube/kubeError.ts";

const status = (code: number, reason: string, message: string, details: object) => ({ kind: "Status", code, reason, message, details });

test("vip: what the API server refuses is told in a sentence, not as its status", () => {
  const unknownNode = status(404, "NotFound", 'nodes "n9" not found', { name: "n9", kind: "nodes" });
  assert.equal(
    describeTrouble(errorOfStatus("PATCH /api/v1/nodes/n9", 404, unknownNode)),
    'there is no "n9" among the nodes of this cluster: "kubectl get nodes" lists them',
  );
  assert.match(describeTrouble(errorOfStatus("GET /apis/aloft.dev/v1alpha1/virtualips", 404, "404 page not found")), /is it installed/);
  const text = 'virtualips.aloft.dev is forbidden: User "jane" cannot list resource "virtualips"';
  const forbidden = status(403, "Forbidden", text, { group: "aloft.dev", kind: "virtualips" });
  assert.equal(describeTrouble(errorOfStatus("GET /x", 403, forbidden)), `the API server does not allow that: ${text}`);
  assert.match(describeTrouble(errorOfStatus("GET /x", 401, status(401, "Unauthorized", "Unauthorized", {}))), /credentials/);
  assert.equal(describeTrouble(new Error("as it is")), "as it is");
});
