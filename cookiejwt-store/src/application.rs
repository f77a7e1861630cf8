//! Everything that an application uses, in one list. Each adapter re-exports it.
//!
//! The types that every framework needs for itself (`Identity`, `AuthContext`, `AuthError`, …) are
//! in the adapter.

// Settings and keys.
pub use cookiejwt_core::{
    AccessKeys, Algorithm, Config, ConfigBuilder, ConfigError, ConfigErrorKind, CredentialOrder, PrivateKey,
    PublicKey, RevocationLevel, SameSite, Secret,
    fault::KeyError,
    store::{Realm, Throttle, ThrottleLimit},
};

// A service that only verifies.
pub use cookiejwt_core::{Expect, Jwks, fault::JwksError};

// What a request contains, and what is decided.
pub use cookiejwt_core::{
    Actor, AnyMethod, Core, Facts, Method, MissingProof, Problem, Proofs, Reason, Requirement, Scope,
    Subject,
    driver::{
        ClientInfo, Login, Mode, PendingLogin, PresentedDevices, RequestHead, SealedPending, SetCookie,
        SetCookies, Twins,
    },
    fault::{ClaimsError, CredentialName, CsrfDenial, MethodError, MintError, ScopeError, TokenFault},
    next_path,
    store::ThrottleScope,
};

// Sessions, as a `TokenStore` keeps them.
pub use cookiejwt_core::{
    SessionId,
    store::{
        AnswerLateRequest, BindRequest, BucketId, ChangeOutcome, ClaimsRenewal, DeviceKey, EndReason,
        ProvedDevice, RealmRevocation, Receipt, ReplaceRequest, Revocation, RevocationReason,
        RotationOutcome, RotationRequest, SessionEnds, SessionRecord, SettleRequest, SpentId, ThrottleCharge,
        Timestamp, TokenId,
    },
};

/// The core, for what an application rarely needs.
pub use cookiejwt_core;

#[cfg(feature = "openapi")]
pub use crate::api::openapi;
#[cfg(feature = "django")]
pub use crate::passwords::DjangoHashes;
#[cfg(feature = "zxcvbn")]
pub use crate::passwords::Zxcvbn;
#[cfg(feature = "_sea-orm")]
pub use crate::stores::{SeaOrmTokenStore, sea_orm as sea_orm_store};
pub use crate::{
    authenticator::{Authenticator, AuthenticatorBuilder, RevokedReaders},
    errors::{
        BuildError, LoginError, PasswordError, PasswordRefusal, SecondFactor, SessionCookieError, StoreError,
    },
    events::{Event, LinkRefusal, LoginRefusal},
    keys::{FromEnv, ReadKeys, env_vars},
    passwords::{Argon2id, NewPassword, PasswordHasher, PasswordMatch, PasswordPolicy},
    request::SESSION_USER_KEY,
    routes::IdentityHeaders,
    runtime::{Clock, ManualClock, SystemClock},
    sessions::{
        Checked, Link, LoggedOut, LoginContext, LoginOptions, NewLink, Opened, PendingOptions, Proven,
        SessionInfo, SpentLink,
    },
    stores::{AuthUser, MemoryStore, RenewedSession, RevokedBatch, RevokedSession, TokenStore, UserStore},
    streams::{Ended, EndedStream, UntilEnded},
    verifier::{JwksDocument, RevokedQuery, Verifier, VerifierBuilder, VerifierError},
};

#[cfg(test)]
mod tests {
    const LIST: &str = include_str!("application.rs");

    /// The names that a file imports from the core, of whichever module.
    fn imported(file: &str) -> Vec<&str> {
        let (_, rest) = file.split_once("use cookiejwt_core::").expect("it uses the core");
        let (names, _) = rest.split_once(';').expect("the list ends");
        let words = names.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with(char::is_uppercase)).collect()
    }

    #[test]
    fn it_has_every_type_in_the_signatures_of_what_applications_implement_and_receive() {
        let listed =
            |name: &str| LIST.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
        for (file, text) in [
            ("TokenStore", include_str!("stores/token_store.rs")),
            ("Event", include_str!("events/event.rs")),
            ("LoginError", include_str!("errors/login.rs")),
        ] {
            for name in imported(text) {
                assert!(listed(name), "{name} of {file} is not in the list");
            }
        }
    }
}
