//! A response: the cookies, tokens and problem documents that are sent.

mod next_path;
mod problem;
mod set_cookie;
mod tokens;

pub(crate) use self::set_cookie::{CookieWriter, Life, Sealed, keep_private};
pub use self::{
    next_path::next_path,
    problem::Problem,
    set_cookie::{ResponseHeaders, SetCookie, SetCookies, Twins},
    tokens::Tokens,
};
