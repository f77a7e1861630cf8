//! Where users and sessions are kept: the two traits, and the stores of this crate.

mod buckets;
mod dyn_token_store;
mod memory;
mod reporting;
#[cfg(feature = "_sea-orm")]
pub mod sea_orm;
mod token_store;
mod user_store;

#[cfg(feature = "_sea-orm")]
pub use self::sea_orm::SeaOrmTokenStore;
#[cfg(feature = "conformance")]
pub(crate) use self::token_store::boxed;
pub(crate) use self::{
    buckets::Buckets,
    dyn_token_store::DynTokenStore,
    reporting::{Tokens, Users},
    token_store::BoxFuture,
    user_store::{DynUser, DynUserStore, FoundUser},
};
pub use self::{
    memory::MemoryStore,
    token_store::{RenewedSession, RevokedBatch, RevokedSession, TokenStore},
    user_store::{AuthUser, UserStore},
};
