//! The SeaORM 2 token store: its entity, its migration, its statements, and [`SeaOrmTokenStore`].

mod changes;
mod data;
pub mod entity;
mod fault;
mod inspect;
mod migration;
mod retry;
mod rotation;
pub mod statements;
mod store;
mod throttle;
mod up;

pub(crate) use self::data::is_about_data;
pub use self::{migration::Migrator, store::SeaOrmTokenStore, up::up};
