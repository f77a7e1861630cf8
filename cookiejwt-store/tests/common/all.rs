//! Stores and a hasher that count and fail on demand, a manual clock, and a browser's cookies.

#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

mod device;
mod hasher;
mod jar;
mod switches;
mod tokens;
mod users;
mod world;

pub(crate) use self::{
    device::{BoundBrowser, answered, cookies, offer, offering, registration, renewal},
    hasher::TestHasher,
    jar::{CLEARED, Jar, lines, outcome},
    switches::{Call, Switches},
    tokens::TestTokens,
    users::{PASSWORD, TestUsers, User},
    world::{Browser, World, let_tasks_run},
};
