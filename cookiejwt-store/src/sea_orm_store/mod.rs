//! The SeaORM 2 token store: its entity, its migration, its statements, and [`SeaOrmTokenStore`].

pub mod entity;
mod migration;
mod retry;
pub mod statements;
mod store;
mod throttle;

pub use self::{
    migration::Migrator,
    store::{SeaOrmTokenStore, up},
};
