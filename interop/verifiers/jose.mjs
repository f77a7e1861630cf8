// `node jose.mjs MODE ALG ISSUER AUDIENCE JWKS`: panva/jose's side of `interop/verifiers.py`. Reads a token per line, prints
// `accepted` or `refused` per line.
import { readFileSync } from "node:fs";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [mode, alg, issuer, audience, jwks] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(jwks));
const strict = { algorithms: [alg], issuer, audience, typ: "at+jwt", requiredClaims: ["exp", "sub"], clockTolerance: 5 };

for (const token of readFileSync(0, "utf8").trim().split("\n")) {
  const verified = jwtVerify(token, keys, mode === "strict" ? strict : {});
  console.log(await verified.then(() => "accepted", () => "refused"));
}
