// Sends with posthog-node what the test asks for, and prints which events it made and which errors it met.
import { PostHog } from "posthog-node";

const { act, host, token, label, count, options } = JSON.parse(process.argv[2]);
const client = new PostHog(token, { host, ...options });
const made = [];
const errors = [];
client.on("capture", (message) => made.push(message.uuid));
client.on("error", (error) => errors.push(String(error)));

const acts = {
  many() {
    for (let n = 0; n < count; n += 1) {
      client.capture({ distinctId: `${label}-${n % 50}`, event: "meetup_viewed", properties: { n } });
    }
  },
  kinds() {
    client.capture({ distinctId: `visitor-${label}`, event: "looked" });
    client.identify({
      distinctId: `ada-${label}`,
      properties: { $set: { plan: "paid" }, $set_once: { first_seen_on: "page" } },
    });
    client.alias({ distinctId: `ada-${label}`, alias: `visitor-${label}` });
    client.groupIdentify({ groupType: "company", groupKey: `acme-${label}`, properties: { seats: 5 } });
    client.capture({ distinctId: `ada-${label}`, event: "paid", groups: { company: `acme-${label}` } });
    client.captureException(new Error("the cake is gone"), `ada-${label}`);
  },
  async flags() {
    const flags = await client.evaluateFlags("ada");
    if (flags.isEnabled("new-page")) errors.push("a flag is on that nobody made");
    client.capture({ distinctId: "ada", event: "looked", flags });
  },
};

// Between two tries in mode v1 the SDK (5.70) waits on a timer that keeps no process alive. A server has other work.
const alive = setInterval(() => {}, 1000);
await acts[act]();
await client.shutdown(60_000);
clearInterval(alive);
console.log(JSON.stringify({ made, errors }));
