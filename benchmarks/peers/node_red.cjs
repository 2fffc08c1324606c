// Node-RED without its editor, as it would run in production; the flow's function takes crypto from here.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.PORT),
  httpAdminRoot: false,
  flowFile: "flows.json",
  credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false },
  functionGlobalContext: { crypto: require("node:crypto") },
  logging: { console: { level: "warn", metrics: false, audit: false } },
};
