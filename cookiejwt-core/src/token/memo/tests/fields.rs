//! Whole `Cookie` fields that were remembered.

use http::{Request, request::Parts};

use super::*;
use crate::internal::test_memo::Fields;
use crate::request::RequestHead;

fn core(fields: &Fields) -> Core {
    Core::with_memo(config(), fields.clone())
}

fn config() -> crate::config::Config {
    testing::config().revocation(RevocationLevel::AtRefresh).build().unwrap()
}

fn request(method: &str, fields: &[&str]) -> Parts {
    let request = Request::builder().method(method).uri("/").header("sec-fetch-site", "same-origin");
    let request = fields.iter().fold(request, |request, field| request.header("cookie", *field));
    request.body(()).unwrap().into_parts().0
}

/// One request, as a line that shows everything that was decided.
fn said(core: &Core, parts: &Parts, seconds: i64) -> String {
    match core.authenticate(parts, NOW + Duration::seconds(seconds)) {
        Assessment::Settled(decision) => format!("{decision:?}"),
        Assessment::NeedsRefresh(attempt) => {
            format!("refresh of {:?} {}", attempt.session_id(), attempt.subject())
        }
        Assessment::NeedsSessionCheck(check) => panic!("{check:?}"),
    }
}

fn pairs() -> (String, String) {
    (testing::access("42").session("s").cookie(), testing::refresh("42").session("s").cookie())
}

#[test]
fn a_field_says_the_same_whether_it_was_remembered_or_not() {
    let (access, refresh) = pairs();
    let expired = testing::access("42").session("s").expired().cookie();
    let foreign = testing::access("42").foreign().cookie();
    let (name, token) = access.split_once('=').unwrap();
    for (rule, fields, remembered) in [
        ("both", vec![format!("{access}; {refresh}")], true),
        ("the other order, among others", vec![format!("a=1; {refresh};{access} ; b=\"2\"")], true),
        ("access alone", vec![access.clone()], true),
        ("in quotes", vec![format!("{name}=\"{token}\"; x")], true),
        ("refresh alone", vec![refresh.clone()], false),
        ("expired, and refresh", vec![format!("{expired}; {refresh}")], false),
        ("expired alone", vec![expired.clone()], false),
        ("of another deployment, and refresh", vec![format!("{foreign}; {refresh}")], false),
        ("twice the same", vec![format!("{access}; {access}; {refresh}")], false),
        ("refresh twice", vec![format!("{access}; {refresh}; {refresh}")], false),
        ("two fields", vec![access.clone(), refresh.clone()], false),
        ("none of ours", vec!["a=1; b=2".into()], false),
        ("empty", vec![String::new()], false),
        ("longer than what is kept", vec![format!("{access}; a={}", "x".repeat(4096))], false),
    ] {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        for method in ["GET", "POST"] {
            let memo = Fields::default();
            let (with, without) = (core(&memo), Core::new(config()));
            let parts = request(method, &fields);
            for seconds in [0, 1, 290, 302, 400, 100_000_000] {
                let (said, expected) = (said(&with, &parts, seconds), said(&without, &parts, seconds));
                assert_eq!(said, expected, "{rule}, {method}, after {seconds} s");
            }
            assert_eq!(memo.hits() > 0, remembered, "{rule}, {method}");
        }
    }
}

#[test]
fn its_times_are_checked_at_every_use() {
    let (access, refresh) = pairs();
    let parts = request("GET", &[&format!("{access}; {refresh}")]);
    for (rule, seconds, kept) in
        [("the last second", 304, true), ("its end", 305, false), ("early", -6, false)]
    {
        let memo = Fields::default();
        let core = core(&memo);
        let _ = said(&core, &parts, 0);
        assert_eq!(memo.len(), 1, "{rule}");
        let _ = said(&core, &parts, seconds);
        assert_eq!(memo.len() == 1, kept, "{rule}: what has ended is forgotten");
    }
}

#[test]
fn what_is_not_in_the_field_is_asked_every_time() {
    let (access, refresh) = pairs();
    let field = format!("{access}; {refresh}");
    let memo = Fields::default();
    let core = core(&memo);
    assert!(core.authenticate(&request("GET", &[&field]), NOW).is_authenticated());
    let mut foreign = request("POST", &[&field]);
    foreign.headers.insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert!(core.authenticate(&foreign, NOW).is_refused(), "the CSRF table");
    let renewed = core.recall(&RequestHead::from(&request("GET", &[&field])), NOW, &|_| 1);
    assert!(renewed.is_none(), "the version of the claims");
    assert!(core.authenticate(&request("GET", &[&field]), NOW).is_authenticated());
    assert_eq!(memo.hits(), 3, "each came from the memo");
}

#[test]
fn the_whole_field_is_compared_whatever_the_memo_compares() {
    let memo = Fields::default();
    let core = core(&memo);
    let (access, refresh) = pairs();
    let field = format!("{access}; {refresh}");
    assert!(core.authenticate(&request("GET", &[&field]), NOW).is_authenticated());
    memo.mix_up();
    for (rule, other) in [
        ("another end", format!("{access}; {}x", &refresh[..refresh.len() - 1])),
        ("another user", testing::access("bob").cookie()),
        ("nothing", "a=1".into()),
    ] {
        let without = Core::new(config());
        let parts = request("GET", &[&other]);
        assert_eq!(said(&core, &parts, 0), said(&without, &parts, 0), "{rule}");
    }
}
