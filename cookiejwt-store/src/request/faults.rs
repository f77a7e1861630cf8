//! Errors of the program, not of the client: 500, and a log line with the cure.

use cookiejwt_core::{Identity, Problem};
use serde::de::DeserializeOwned;

/// The custom claims of an identity as a type of the application.
///
/// Claims that do not fit result in 500, because this application issued the token.
pub fn claims_of<T: DeserializeOwned>(identity: &Identity) -> Result<T, Problem> {
    identity.claims().map_err(|error| {
        tracing::error!(%error, "the access token's custom claims do not fit");
        Problem::ServerError
    })
}

/// An extractor or a guard was asked for a request that has not come through its layer: 500.
pub fn missing_layer(what: &str, cure: &str) -> Problem {
    tracing::error!("{what} was asked for a request that it has not seen; add `{cure}` around it");
    Problem::ServerError
}
