// GitHub's own library: verifies and parses each webhook, and calls a handler, which counts them in memory.
import { createServer } from "node:http";

import { Webhooks, createNodeMiddleware } from "@octokit/webhooks";

const webhooks = new Webhooks({ secret: process.env.SECRET });
let amount = 0;
webhooks.on("deployment", ({ payload }) => {
  amount += payload.data.object.amount_received;
});
const receive = createNodeMiddleware(webhooks, { path: "/hooks/github" });

createServer((request, response) => {
  if (request.url === "/readyz") response.end(String(amount));
  else receive(request, response);
}).listen(Number(process.env.PORT), "127.0.0.1");
