// Runs calls of the official SDK, unchanged but for the host. Usage: send.mjs HOST WRITE_KEY CALLS

import { Analytics } from "@segment/analytics-node";

const [host, writeKey, calls] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});
const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
await new AsyncFunction("analytics", calls)(analytics);
await analytics.closeAndFlush();
