//! The SeaORM 2 token store: its entity, its migration, and [`SeaOrmTokenStore`].

pub mod entity;
mod migration;
mod store;

pub use self::{migration::Migrator, store::SeaOrmTokenStore};
