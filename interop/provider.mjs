// An identity provider for the tests of examples/proofs: `node provider.mjs CALLBACK`. It prints its issuer, accepts any name
// and any password, and keeps everything in memory.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [callback] = process.argv.slice(2);
const server = createServer();
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://localhost:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{ client_id: "proofs", client_secret: "a secret of the tests", redirect_uris: [callback] }],
  pkce: { required: () => true },
  cookies: { keys: ["a key of the tests"] },
});
server.on("request", provider.callback());
console.log(`issuer ${issuer}`);
