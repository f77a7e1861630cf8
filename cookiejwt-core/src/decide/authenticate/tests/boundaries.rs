//! The second at which each answer changes. Tokens are issued at `NOW`, the access token ends 300 s
//! later, the refresh token 86 400 s later, and the clocks may differ by 5 s.

use super::*;

const ACCESS_ENDS: i64 = 300;
const REFRESH_ENDS: i64 = 86_400;

/// When, in seconds after `NOW`, and the answer.
type Moment = (&'static str, i64, &'static str);

fn assert_moments(core: &Core, head: &Parts, moments: &[Moment]) {
    for (rule, after, expected) in moments {
        for millis in [0, 999] {
            let now = NOW + seconds(*after) + Duration::milliseconds(millis);
            let answer = answer(core, core.authenticate(head, now), SessionStatus::Live);
            assert_eq!(answer, *expected, "{rule}, {after} s and {millis} ms");
        }
    }
}

#[test]
fn an_access_token_alone() {
    let (here, gone) = ("alice by cookie", "401 invalid_token, cleared");
    let moments = [
        ("early beyond the leeway", -6, "401 invalid_token"),
        ("iat - leeway", -5, here),
        ("iat", 0, here),
        ("exp - 1", ACCESS_ENDS - 1, here),
        ("exp", ACCESS_ENDS, here),
        ("exp + leeway - 1", ACCESS_ENDS + 4, here),
        ("exp + leeway", ACCESS_ENDS + 5, gone),
    ];
    for level in LEVELS {
        assert_moments(&core(level, |config| config), &parts(cookies([valid()])), &moments);
    }
}

#[test]
fn a_bearer() {
    let moments = [
        ("early beyond the leeway", -6, "401 invalid_token"),
        ("iat - leeway", -5, "alice by header"),
        ("exp - 1", ACCESS_ENDS - 1, "alice by header"),
        ("exp", ACCESS_ENDS, "alice by header"),
        ("exp + leeway - 1", ACCESS_ENDS + 4, "alice by header"),
        ("exp + leeway", ACCESS_ENDS + 5, "401 invalid_token"),
    ];
    assert_moments(&testing::core(), &parts(bearer(get(), &alice().bearer())), &moments);
}

#[test]
fn without_a_leeway() {
    let core = core(RevocationLevel::Feed, |config| config.leeway(std::time::Duration::ZERO));
    let moments = [
        ("iat - 1", -1, "401 invalid_token"),
        ("iat", 0, "alice by cookie"),
        ("exp - 1", ACCESS_ENDS - 1, "alice by cookie"),
        ("exp", ACCESS_ENDS, "401 invalid_token, cleared"),
    ];
    assert_moments(&core, &parts(cookies([valid()])), &moments);
}

#[test]
fn both_tokens() {
    let (ahead, hard) = ("refresh of alice, soft as alice", "refresh of alice");
    let moments = [
        ("both early", -6, "401 invalid_token"),
        ("both inside the leeway", -5, "alice by cookie"),
        ("31 s before the access token's end", ACCESS_ENDS - 31, "alice by cookie"),
        ("refresh_ahead: 30 s before its end", ACCESS_ENDS - 30, ahead),
        ("exp - 1", ACCESS_ENDS - 1, ahead),
        ("exp", ACCESS_ENDS, ahead),
        ("exp + leeway - 1", ACCESS_ENDS + 4, ahead),
        ("exp + leeway", ACCESS_ENDS + 5, hard),
        ("the refresh token's exp - 1", REFRESH_ENDS - 1, hard),
        ("no leeway at the refresh token's exp", REFRESH_ENDS, "401 session_expired, cleared"),
        ("nor after it", REFRESH_ENDS + 4, "401 session_expired, cleared"),
    ];
    for level in LEVELS {
        assert_moments(&core(level, |config| config), &parts(cookies([valid(), refresh()])), &moments);
    }
}

#[test]
fn refresh_ahead_0_is_off_until_the_access_token_is_dead() {
    let core = core(RevocationLevel::Feed, |config| config.refresh_ahead(std::time::Duration::ZERO));
    let moments = [
        ("exp - 1", ACCESS_ENDS - 1, "alice by cookie"),
        ("exp", ACCESS_ENDS, "alice by cookie"),
        ("exp + leeway - 1", ACCESS_ENDS + 4, "alice by cookie"),
        ("exp + leeway", ACCESS_ENDS + 5, "refresh of alice"),
    ];
    assert_moments(&core, &parts(cookies([valid(), refresh()])), &moments);
}

#[test]
fn a_refresh_token_alone() {
    let moments = [
        ("i: early beyond the leeway", -6, "401 invalid_token"),
        ("iat - leeway", -5, "refresh of alice"),
        ("exp - 1", REFRESH_ENDS - 1, "refresh of alice"),
        ("j: exp", REFRESH_ENDS, "401 session_expired, cleared"),
    ];
    assert_moments(&testing::core(), &parts(cookies([refresh()])), &moments);
}

#[test]
fn no_refresh_ahead_when_the_new_token_would_not_live_longer() {
    let seconds = std::time::Duration::from_secs;
    for (rule, session, expected) in [
        ("the absolute end is the access token's", 300, "alice by cookie"),
        ("the absolute end is one second later", 301, "refresh of alice, soft as alice"),
    ] {
        let core = Core::new(
            testing::config()
                .session_max_age(seconds(session))
                .refresh_max_age(seconds(300))
                .build()
                .unwrap(),
        );
        let pairs = [alice().by(&core).cookie(), alice_refresh().by(&core).cookie()];
        let head = parts(cookies(pairs));
        assert_moments(&core, &head, &[(rule, ACCESS_ENDS - 1, expected)]);
    }
}
