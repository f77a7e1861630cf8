//! Login with JWTs in HTTP-only cookies for Rocket.
