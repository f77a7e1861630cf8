//! A response: the cookies, tokens and problem documents that are sent.

mod fields;
mod next_path;
mod problem;
mod set_cookie;
mod tokens;

pub use self::{
    fields::ResponseHeaders,
    next_path::next_path,
    problem::Problem,
    set_cookie::{SetCookie, SetCookies, Twins},
    tokens::Tokens,
};
pub(crate) use self::{
    fields::{keep_common_private, keep_private},
    set_cookie::{CookieWriter, Life, Sealed},
};
