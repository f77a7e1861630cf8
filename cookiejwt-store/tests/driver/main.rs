//! The driver: the core's decisions together with stores that can fail, on a manual clock. Rows are
//! those of `cookiejwt_core::rules`.

#[path = "../common/all.rs"]
mod common;

mod acting;
mod administration;
mod authenticate;
mod clocks;
mod device;
mod device_acting;
mod ended;
mod facts;
mod feed;
mod fresh_login;
mod frozen;
mod hash_memory;
mod keys;
mod keys_dir;
mod known_device;
mod late;
mod levels;
mod limit;
mod links;
mod login;
mod logout;
mod outages;
mod password_change;
mod password_policy;
mod proofs;
mod realms;
mod rehash;
mod renewed;
mod reuse;
mod second_factor;
mod session_list;
mod slot;
mod sockets;
mod streams;
mod throttle;
mod verifier;
mod verifier_streams;
