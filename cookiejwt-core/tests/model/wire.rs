//! The wire format: heads of requests, lines of answers, and the claims in them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cookiejwt_core::driver::{SetCookie, SetCookies};
use http::{Request, request::Parts};
use serde_json::Value;

use crate::{
    scenario::ABSOLUTE,
    server::Route,
    token::{Access, Refresh, Seconds, Session, seconds},
};

pub(crate) fn head(route: Route, access: Option<&str>, refresh: Option<&str>) -> Parts {
    let method = if route == Route::Page { "GET" } else { "POST" };
    let request = Request::builder().method(method).uri("/").header("sec-fetch-site", "same-origin");
    let pairs = access.into_iter().chain(refresh);
    pairs.fold(request, |request, pair| request.header("cookie", pair)).body(()).unwrap().into_parts().0
}

pub(crate) fn line(cookies: &SetCookies, index: usize) -> &SetCookie {
    cookies.iter().nth(index).unwrap()
}

/// `name=value` of a line.
pub(crate) fn pair(cookie: &SetCookie) -> String {
    cookie.line().to_str().unwrap().split(';').next().unwrap().to_owned()
}

pub(crate) fn text(cookie: &SetCookie) -> String {
    pair(cookie).split_once('=').unwrap().1.to_owned()
}

pub(crate) fn max_age(cookie: &SetCookie) -> Seconds {
    cookie
        .line()
        .to_str()
        .unwrap()
        .split_once("Max-Age=")
        .unwrap()
        .1
        .split(';')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn claims(text: &str) -> Value {
    let payload = text.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn number(claims: &Value, name: &str) -> Seconds {
    seconds(claims[name].as_i64().unwrap())
}

pub(crate) fn access_of(claims: &Value) -> Access {
    let session = Session::parse(claims["sid"].as_str().unwrap());
    let names = claims["refresh_jti"].as_str().map(|id| id.parse().unwrap());
    Access { session, issued: number(claims, "iat"), expires: number(claims, "exp"), names }
}

pub(crate) fn refresh_of(claims: &Value) -> Refresh {
    let session = Session::parse(claims["sid"].as_str().unwrap());
    assert_eq!(number(claims, "session_exp"), session.begun + ABSOLUTE, "the absolute end never changes");
    let id = claims["jti"].as_str().unwrap().parse().unwrap();
    Refresh { session, id, issued: number(claims, "iat"), expires: number(claims, "exp") }
}
