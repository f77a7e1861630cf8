// panva/jose's side of interop.py. Reads {keys, issuer, audience, now, verify: [{alg, token}], sign: [{alg, header, claims}]},
// writes {verify: [true or false], sign: [token]}.
import { readFileSync } from 'node:fs';
import { SignJWT, importJWK, importPKCS8, jwtVerify } from 'jose';

const { keys, issuer, audience, now, verify, sign } = JSON.parse(readFileSync(0, 'utf8'));

// The policy of the library: one algorithm per key, the exact type, the same issuer, audience and claims.
async function accepts({ alg, token }) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, await importJWK(keys[alg].public, alg), {
      algorithms: [alg],
      issuer,
      audience,
      typ: 'at+jwt',
      requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'sid'],
      clockTolerance: 5,
      currentDate: new Date(now * 1000),
    });
    return protectedHeader.kid === keys[alg].kid && typeof payload.sub === 'string';
  } catch {
    return false;
  }
}

async function signed({ alg, header, claims }) {
  const key = alg === 'HS256' ? await importJWK(keys[alg].public, alg) : await importPKCS8(keys[alg].private, alg);
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

const result = { verify: [], sign: [] };
for (const one of verify) result.verify.push(await accepts(one));
for (const one of sign) result.sign.push(await signed(one));
process.stdout.write(JSON.stringify(result));
