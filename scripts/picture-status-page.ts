/** Takes the picture of the status page that the documents show. Needs Chromium; what is in the picture is made up. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { renderPage } from "../src/operator/page/page.ts";
import { Browser, findChromium } from "../test/support/browser.ts";
import { everything, oneNodeLost } from "../test/unit/operator/page/samples.ts";

const file = join(import.meta.dirname, "../docs/images/status-page.webp");

const chromium = findChromium();
if (chromium === undefined) {
  process.stderr.write("there is no Chromium: apt-get install chromium\n");
  process.exit(1);
}
const page = renderPage(oneNodeLost(), everything);
const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await Browser.start(chromium);
try {
  await browser.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { width: 1200, scheme: "light" });
  mkdirSync(dirname(file), { recursive: true });
  await browser.screenshot(file);
} finally {
  await browser.stop();
  server.close();
}
