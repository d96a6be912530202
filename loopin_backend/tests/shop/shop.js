// What a shop's own page does with the two browser SDKs; the tests call these functions.
window.shop = {
  async openPosthog(host, token, options) {
    const { default: posthog } = await import("./posthog.js");
    await new Promise((loaded) => {
      posthog.init(token, {
        api_host: host,
        opt_out_useragent_filter: true, // a headless browser counts as a bot, whose events are dropped
        rate_limiting: { events_per_second: 1000, events_burst_limit: 2000 },
        loaded,
        ...options,
      });
    });
    window.posthog = posthog;
  },
  capture(count) {
    return Array.from({ length: count }, (_, n) => window.posthog.capture("meetup_viewed", { n }).uuid);
  },
  openSegment(host, token) {
    window.analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: token, cdnURL: host });
  },
  async track(count) {
    const calls = Array.from({ length: count }, (_, n) => window.analytics.track("meetup_viewed", { n }));
    return (await Promise.all(calls)).map((context) => context.event.messageId);
  },
};
window.isReady = true;
