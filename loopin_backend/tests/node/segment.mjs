// Sends with @segment/analytics-node what the test asks for, and prints the message ids and the errors.
import { Analytics } from "@segment/analytics-node";

const { act, host, token, label, count, options: given } = JSON.parse(process.argv[2]);
const { pauseMs = 0, ...options } = given; // between messages, so that a run lasts as long as in a real service
const client = new Analytics({ writeKey: token, host, ...options });
const made = [];
const errors = [];
client.on("error", (error) => errors.push(`${error.code}: ${error.reason?.message ?? error.reason}`));

// An event's callback comes when it is delivered, or with the error for which it was given up.
const done = (error, context) => (error ? errors.push(String(error)) : made.push(context.event.messageId));

const acts = {
  async many() {
    for (let n = 0; n < count; n += 1) {
      if (pauseMs) await new Promise((wake) => setTimeout(wake, pauseMs));
      client.track({ userId: `${label}-${n % 50}`, event: "meetup_viewed", properties: { n } }, done);
    }
  },
  kinds() {
    const who = `bob-${label}`;
    const device = `device-${label}`;
    client.page({ anonymousId: device, name: "Start", properties: { url: "https://shop.example/start" } }, done);
    client.identify({ userId: who, anonymousId: device, traits: { plan: "paid" } }, done);
    client.screen({ userId: who, name: "Home" }, done);
    client.group({ userId: who, groupId: `acme-${label}`, traits: { seats: 5 } }, done);
    client.track({ userId: `old-${label}`, event: "looked" }, done);
    client.alias({ userId: who, previousId: `old-${label}` }, done);
  },
};

await acts[act]();
await client.closeAndFlush({ timeout: 60_000 });
console.log(JSON.stringify({ made, errors }));
