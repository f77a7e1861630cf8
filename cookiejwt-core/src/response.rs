//! A response: the cookies, tokens and problem documents that are sent.

mod next_path;
mod problem;
pub(crate) mod set_cookie;
mod tokens;

pub use self::{
    next_path::next_path,
    problem::Problem,
    set_cookie::{ResponseHeaders, SetCookie, SetCookies, Twins},
    tokens::Tokens,
};
pub(crate) use self::{
    set_cookie::{CookieWriter, Life},
    tokens::Issued,
};
