import type { TestContext } from "node:test";
import { Connector } from "../../../../src/agent/checks/connector.ts";
import { loadAddon } from "../../../../src/agent/native/addon.ts";
import type { StartDialer } from "../../../../src/agent/native/dialer.ts";

/** Sockets of the machine, by the built addon. */
export function realConnector(context: TestContext): Connector {
  const connector = new Connector(loadAddon().startDialer);
  context.after(() => connector.close());
  return connector;
}

/** For checks that open no connection. */
export const noDialer: StartDialer = () => {
  throw new Error("no connection is expected");
};
