//! Lifetimes and leeways that are accepted or refused.

use std::time::Duration;

use super::{
    super::{Ages, Config, ConfigBuilder},
    Change,
    ConfigErrorKind::{Contradiction, Empty, Malformed, OutOfRange},
    Vars, accepted, assert_refused, builder, from,
};

const ACCESS: &str = "COOKIEJWT_ACCESS_MAX_AGE";
const REFRESH: &str = "COOKIEJWT_REFRESH_MAX_AGE";
const SESSION: &str = "COOKIEJWT_SESSION_MAX_AGE";
const AHEAD: &str = "COOKIEJWT_REFRESH_AHEAD";
const REUSE_LEEWAY: &str = "COOKIEJWT_REUSE_LEEWAY";
const LEEWAY: &str = "COOKIEJWT_LEEWAY";

const DAY: i64 = 86_400;
const MOST: &str = "34560000";
const TOO_MUCH: &str = "34560001";

/// Access, refresh, session, refresh ahead.
fn lives(config: &Config) -> [i64; 4] {
    let Ages { access, refresh, session, refresh_ahead, .. } = config.ages;
    [access, refresh, session, refresh_ahead]
}

#[test]
fn no_age_is_zero_or_more_than_400_days() {
    for setting in [ACCESS, REFRESH, SESSION, AHEAD] {
        for (rule, value) in
            [("400 days and a second", TOO_MUCH), ("as large as can be", "18446744073709551615")]
        {
            let rule = format!("{setting}: {rule}");
            assert_refused(&rule, from(&[(setting, value)]), (setting, OutOfRange, "1 to 400 days"));
        }
    }
    for setting in [ACCESS, REFRESH, SESSION] {
        let rule = format!("{setting}: zero");
        assert_refused(&rule, from(&[(setting, "0")]), (setting, OutOfRange, "1 to 400 days"));
    }
    for (rule, vars, expected) in [
        ("400 days of session", &[(SESSION, MOST)][..], [300, DAY, 400 * DAY, 30]),
        ("400 days idle", &[(SESSION, MOST), (REFRESH, MOST)], [300, 400 * DAY, 400 * DAY, 30]),
        (
            "400 days of access",
            &[(SESSION, MOST), (REFRESH, MOST), (ACCESS, MOST)],
            [400 * DAY, 400 * DAY, 400 * DAY, 30],
        ),
        ("one second of everything", &[(SESSION, "1"), (REFRESH, "1"), (ACCESS, "1")], [1, 1, 1, 0]),
    ] {
        assert_eq!(lives(&accepted(rule, from(vars))), expected, "{rule}");
    }
}

#[test]
fn every_age_is_a_whole_number_that_is_not_negative() {
    for setting in [ACCESS, REFRESH, SESSION, AHEAD, REUSE_LEEWAY, LEEWAY] {
        for value in
            ["-1", "-300", "soon", "5m", "1.5", "300s", "1e3", "0x10", "1 000", "18446744073709551616"]
        {
            let rule = format!("{setting}={value}");
            assert_refused(
                &rule,
                from(&[(setting, value)]),
                (setting, Malformed, "a whole number of seconds"),
            );
        }
        for value in ["", " "] {
            assert_refused(
                setting,
                from(&[(setting, value)]),
                (setting, Empty, "give it a value or remove it"),
            );
        }
    }
}

type Setter = fn(ConfigBuilder, Duration) -> ConfigBuilder;

#[test]
fn durations_are_whole_seconds() {
    let half = Duration::from_millis(1500);
    let sliver = Duration::from_nanos(1);
    let setters: [(&str, Setter); 6] = [
        (ACCESS, ConfigBuilder::access_max_age),
        (REFRESH, ConfigBuilder::refresh_max_age),
        (SESSION, ConfigBuilder::session_max_age),
        (AHEAD, ConfigBuilder::refresh_ahead),
        (REUSE_LEEWAY, ConfigBuilder::reuse_leeway),
        (LEEWAY, ConfigBuilder::leeway),
    ];
    for (setting, set) in setters {
        for duration in [half, sliver, Duration::MAX] {
            let rule = format!("{setting}: {duration:?}");
            let refused = set(builder(), duration).build();
            assert_refused(&rule, refused, (setting, OutOfRange, "choose whole seconds from"));
        }
    }
}

#[test]
fn leeways_are_at_most_60_seconds() {
    for (setting, value, expected) in [
        (LEEWAY, "0", Some((10, 0))),
        (LEEWAY, "60", Some((10, 60))),
        (LEEWAY, "61", None),
        (REUSE_LEEWAY, "0", None),
        (REUSE_LEEWAY, "1", Some((1, 5))),
        (REUSE_LEEWAY, "60", Some((60, 5))),
        (REUSE_LEEWAY, "61", None),
        (REUSE_LEEWAY, "18446744073709551615", None),
    ] {
        let rule = format!("{setting}={value}");
        let built = from(&[(setting, value)]);
        if let Some(expected) = expected {
            let ages = accepted(&rule, built).ages;
            assert_eq!((ages.reuse_leeway, ages.leeway), expected, "{rule}");
        } else {
            assert_refused(&rule, built, (setting, OutOfRange, "to 60"));
        }
    }
}

#[test]
fn what_was_set_to_contradict_is_refused() {
    for (rule, vars, setting, cure) in [
        ("refresh ahead > access / 2", &[(ACCESS, "100"), (AHEAD, "51")][..], AHEAD, ACCESS),
        ("refresh ahead > access / 2, rounded down", &[(ACCESS, "101"), (AHEAD, "51")], AHEAD, ACCESS),
        ("refresh ahead > half of the default access life", &[(AHEAD, "151")], AHEAD, ACCESS),
        ("refresh ahead of one second", &[(ACCESS, "1"), (AHEAD, "1")], AHEAD, ACCESS),
        ("access > idle", &[(ACCESS, "3601"), (REFRESH, "3600")], ACCESS, REFRESH),
        ("access > default idle", &[(ACCESS, "86401")], ACCESS, REFRESH),
        ("access > absolute", &[(ACCESS, "601"), (SESSION, "600")], ACCESS, REFRESH),
        ("idle > absolute", &[(REFRESH, "3601"), (SESSION, "3600")], REFRESH, SESSION),
        ("idle > default absolute", &[(REFRESH, "2592001")], REFRESH, SESSION),
    ] {
        assert_refused(rule, from(vars), (setting, Contradiction, cure));
    }
}

const FITTING: [(&str, Vars<'_>, [i64; 4]); 14] = [
    ("defaults", &[], [300, DAY, 30 * DAY, 30]),
    ("a short session shrinks all", &[(SESSION, "60")], [60, 60, 60, 30]),
    ("a session of an hour shrinks idle", &[(SESSION, "3600")], [300, 3600, 3600, 30]),
    ("idle shrinks access", &[(REFRESH, "100")], [100, 100, 30 * DAY, 30]),
    ("idle = absolute", &[(REFRESH, "3600"), (SESSION, "3600")], [300, 3600, 3600, 30]),
    ("access = idle", &[(ACCESS, "3600"), (REFRESH, "3600")], [3600, 3600, 30 * DAY, 30]),
    ("access = default idle", &[(ACCESS, "86400")], [DAY, DAY, 30 * DAY, 30]),
    ("idle = default absolute", &[(REFRESH, "2592000")], [300, 30 * DAY, 30 * DAY, 30]),
    ("access of a minute", &[(ACCESS, "60")], [60, DAY, 30 * DAY, 30]),
    ("access of 59 s shrinks refresh ahead", &[(ACCESS, "59")], [59, DAY, 30 * DAY, 29]),
    ("access of one second turns it off", &[(ACCESS, "1")], [1, DAY, 30 * DAY, 0]),
    ("refresh ahead = access / 2", &[(ACCESS, "100"), (AHEAD, "50")], [100, DAY, 30 * DAY, 50]),
    ("refresh ahead of zero is off", &[(AHEAD, "0")], [300, DAY, 30 * DAY, 0]),
    ("a long session lengthens nothing else", &[(SESSION, "8640000")], [300, DAY, 100 * DAY, 30]),
];

#[test]
fn defaults_shrink_to_fit() {
    for (rule, vars, expected) in FITTING {
        assert_eq!(lives(&accepted(rule, from(vars))), expected, "{rule}");
    }
}

#[test]
fn presets_of_nist_sp_800_63b_4() {
    let presets: [(&str, Change, [i64; 4]); 4] = [
        ("aal1", ConfigBuilder::aal1, [300, 30 * DAY, 30 * DAY, 30]),
        ("aal2", ConfigBuilder::aal2, [300, 3600, DAY, 30]),
        ("aal3", ConfigBuilder::aal3, [300, 900, DAY / 2, 30]),
        ("the last one counts", |b| b.aal1().aal3(), [300, 900, DAY / 2, 30]),
    ];
    for (rule, preset, expected) in presets {
        assert_eq!(lives(&accepted(rule, preset(builder()).build())), expected, "{rule}");
    }
    let contradiction = builder().aal3().access_max_age(Duration::from_secs(901)).build();
    assert_refused("access longer than aal3 allows idle", contradiction, (ACCESS, Contradiction, REFRESH));
}

#[test]
fn a_revoked_session_is_remembered_for_the_access_life_and_two_leeways() {
    let config = accepted("set", from(&[(ACCESS, "100"), (LEEWAY, "7")]));
    assert_eq!(config.revoked_memory_seconds(), 114);
}
