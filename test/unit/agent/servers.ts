/** Servers on the loopback interface. */
import type { AddressInfo, Server } from "node:net";
import type { TestContext } from "node:test";

/** Listens on a free port until the test ends. */
export async function listen(context: TestContext, server: Server, host = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}
