//! Every combination of credentials, orders and kinds of requests, against the table written down a
//! second time.

use super::*;
use crate::config::CredentialOrder;

const ORDERS: [CredentialOrder; 4] = [
    CredentialOrder::CookieThenHeader,
    CredentialOrder::HeaderThenCookie,
    CredentialOrder::CookieOnly,
    CredentialOrder::HeaderOnly,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Absent,
    Valid,
    Near,
    Dead,
    Expired,
    Early,
    /// Two sessions; of the header, two fields.
    Twice,
    /// A valid one among others: junk, the same once more.
    Among,
    OtherSession,
}

use Token::{Absent, Among, Dead, Early, Expired, Near, OtherSession, Twice, Valid};

const ACCESS: [Token; 7] = [Absent, Valid, Near, Dead, Early, Twice, Among];
const BEARER: [Token; 5] = [Absent, Valid, Dead, Early, Twice];
const REFRESH: [Token; 8] = [Absent, Valid, Dead, Expired, Early, Twice, Among, OtherSession];

#[derive(Clone, Copy, Debug)]
struct Case {
    order: CredentialOrder,
    access: Token,
    bearer: Token,
    refresh: Token,
    denied: bool,
    permitted: bool,
    token_mode: bool,
}

/// The table of [`rules`](crate::rules), row by row. The session lives, so that rows c and d never
/// match.
fn expected(case: Case) -> &'static str {
    let (cookies, header) = match case.order {
        CredentialOrder::CookieOnly => (true, false),
        CredentialOrder::HeaderOnly => (false, true),
        _ => (true, true),
    };
    let counts = |token| if token == Among { Valid } else { token };
    let access = if cookies { counts(case.access) } else { Absent };
    let refresh = if cookies { counts(case.refresh) } else { Absent };
    // Two `Authorization` fields are none.
    let bearer = if header && case.bearer != Twice { case.bearer } else { Absent };
    if case.token_mode {
        return match bearer {
            Valid => "bob by header",
            Absent => "anonymous",
            _ => "401 invalid_token",
        };
    }
    let any_cookie = access != Absent || refresh != Absent;
    let header_first = case.order == CredentialOrder::HeaderThenCookie;
    let access_valid = matches!(access, Valid | Near);
    let refresh_valid = matches!(refresh, Valid | OtherSession);
    if any_cookie && case.denied {
        if bearer == Valid { "bob by header" } else { "403 csrf_failed" }
    } else if bearer == Valid && (header_first || !access_valid) {
        "bob by header"
    } else if access == Valid {
        "alice by cookie"
    } else if !any_cookie && bearer == Absent {
        "anonymous"
    } else if access == Near {
        let refreshes = refresh == Valid && case.permitted;
        if refreshes { "refresh of alice, soft as alice" } else { "alice by cookie" }
    } else if refresh_valid {
        if case.permitted { "refresh of alice" } else { "401 refresh_required" }
    } else if [access, bearer, refresh].contains(&Early) {
        "401 invalid_token"
    } else if any_cookie {
        if refresh == Expired { "401 session_expired, cleared" } else { "401 invalid_token, cleared" }
    } else {
        "401 invalid_token"
    }
}

/// The fields of each kind of token, minted once.
struct Fields {
    access: [Vec<String>; 7],
    bearer: [Vec<String>; 5],
    refresh: [Vec<String>; 8],
}

impl Fields {
    fn new() -> Self {
        let of_bob = bob().bearer();
        Self {
            access: ACCESS.map(|token| match token {
                Valid => vec![valid()],
                Near => vec![near()],
                Dead => vec![expired()],
                Early => vec![early()],
                Twice => vec![valid(), second()],
                Among => vec![forged(), valid(), valid(), expired()],
                _ => vec![],
            }),
            bearer: BEARER.map(|token| match token {
                Valid => vec![of_bob.clone()],
                Dead => vec![bob().expired().bearer()],
                Early => vec![bob().by(&other_node()).bearer()],
                Twice => vec![of_bob.clone(), of_bob.clone()],
                _ => vec![],
            }),
            refresh: REFRESH.map(|token| match token {
                Valid => vec![refresh()],
                Dead => vec![forged_refresh()],
                Expired => vec![expired_refresh()],
                Early => vec![unknown_key_refresh()],
                Twice => vec![refresh(), second_refresh()],
                Among => vec![expired_refresh(), refresh(), forged_refresh(), refresh()],
                OtherSession => vec![alice_refresh().session("another").cookie()],
                _ => vec![],
            }),
        }
    }

    fn request(&self, case: Case) -> Parts {
        let of = |tokens: &[Token], token| tokens.iter().position(|known| *known == token).unwrap();
        let access = &self.access[of(&ACCESS, case.access)];
        let refresh = &self.refresh[of(&REFRESH, case.refresh)];
        let request = access.iter().chain(refresh).fold(get(), |request, pair| request.header(COOKIE, pair));
        let bearers = &self.bearer[of(&BEARER, case.bearer)];
        let request = bearers.iter().fold(request, |request, value| bearer(request, value));
        let site = if case.denied || !case.permitted { "cross-site" } else { "same-origin" };
        let (mode, destination) =
            if case.permitted { ("navigate", "document") } else { ("no-cors", "image") };
        let request = request.method(if case.denied { "POST" } else { "GET" }).header("sec-fetch-site", site);
        let request = request.header("sec-fetch-mode", mode).header("sec-fetch-dest", destination);
        parts(if case.token_mode { request.header("cookiejwt-mode", "token") } else { request })
    }
}

/// As a browser sends its cookies over HTTP/1.1.
fn in_one_field(mut head: Parts) -> Parts {
    let pairs: Vec<_> = head.headers.get_all(COOKIE).iter().map(|pair| pair.to_str().unwrap()).collect();
    if !pairs.is_empty() {
        let field = pairs.join("; ").parse().unwrap();
        head.headers.insert(COOKIE, field);
    }
    head
}

#[test]
fn every_combination() {
    let fields = Fields::new();
    for order in ORDERS {
        let token_mode = order != CredentialOrder::CookieOnly;
        let config = || testing::config().credentials(order).token_mode(token_mode);
        let cores = LEVELS.map(|level| Core::new(config().revocation(level).build().unwrap()));
        let remembering = Core::with_memo(config().build().unwrap(), super::Fields::default());
        for case in cases(order).into_iter().filter(|case| token_mode || !case.token_mode) {
            let head = fields.request(case);
            for core in &cores {
                assert_eq!(ask(core, &head), expected(case), "{case:?} {:?}", core.config().revocation());
            }
            let head = in_one_field(head);
            for time in ["the first time", "again"] {
                assert_eq!(ask(&remembering, &head), expected(case), "{case:?} {time}");
            }
        }
    }
}

fn cases(order: CredentialOrder) -> Vec<Case> {
    let mut cases = Vec::new();
    for access in ACCESS {
        for bearer in BEARER {
            for refresh in REFRESH {
                for (denied, permitted) in [(false, true), (false, false), (true, true), (true, false)] {
                    for token_mode in [false, true] {
                        cases.push(Case { order, access, bearer, refresh, denied, permitted, token_mode });
                    }
                }
            }
        }
    }
    cases
}
