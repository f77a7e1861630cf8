//! The SeaORM 2 token store: its entity, its migration, its statements, and [`SeaOrmTokenStore`].

mod changes;
mod ends;
pub mod entity;
mod everybody;
mod fault;
mod inspect;
mod migration;
mod renewals;
mod retry;
mod rotation;
mod spent;
pub mod statements;
mod store;
mod throttle;
mod up;

pub use self::{migration::Migrator, store::SeaOrmTokenStore, up::up};
